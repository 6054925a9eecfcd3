/// Goes along with one call on a server: may refuse it, may add headers and trailers to the answer, and sees
/// how it ends.
///
/// The factories of ``FlightServerConfiguration/middleware`` make one for each call, so that it can keep
/// what belongs to the call. Everything is called on the call's event loop and must not block it. Each
/// method has a default that does nothing.
///
/// Source: Arrow, `cpp/src/arrow/flight/server_middleware.h`.
public protocol FlightServerMiddleware {
    /// The call begins: it is known who calls, and the service hasn't heard of it.
    /// - Throws: The status with which the call is refused. The service and the middleware after this one don't
    ///   hear of it; this one and those before see its end.
    func callBegins(_ call: FlightCall) throws(FlightError)

    /// The answer's headers are about to be sent. Not called if the call ends without an answer.
    /// - Parameter headers: What the service and the middleware before this one have set; names of the
    ///   protocol (`grpc-…`) aren't sent.
    func sendingHeaders(_ headers: inout FlightMetadata)

    /// The call's status is about to be sent. Not called if the call ends without an answer.
    /// - Parameters:
    ///   - trailers: What the service and the middleware before this one have set; names of the protocol
    ///     (`grpc-…`) aren't sent.
    ///   - status: The status; `nil` is `OK`.
    func sendingTrailers(_ trailers: inout FlightMetadata, status: FlightError?)

    /// The call is over. Called once, last.
    /// - Parameter error: The status that the client got, or why it got none (`cancelled` by the client, a
    ///   broken connection as `unavailable`, …); `nil` is `OK`.
    func callEnded(_ error: FlightError?)
}

extension FlightServerMiddleware {
    public func callBegins(_ call: FlightCall) throws(FlightError) {}
    public func sendingHeaders(_ headers: inout FlightMetadata) {}
    public func sendingTrailers(_ trailers: inout FlightMetadata, status: FlightError?) {}
    public func callEnded(_ error: FlightError?) {}
}

/// Makes what goes along with one call; `nil` for nothing. Called on the call's event loop, before
/// ``FlightServerMiddleware/callBegins(_:)``.
public typealias FlightServerMiddlewareFactory =
    @Sendable (FlightCall) -> (any FlightServerMiddleware)?
