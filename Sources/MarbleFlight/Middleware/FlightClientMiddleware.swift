/// Goes along with one attempt of a call that a client makes: may add headers, and sees what comes back.
///
/// The factories of ``FlightClientConfiguration/middleware`` make one for each attempt, so that it can keep
/// what belongs to the call. Everything is called on the call's event loop and must not block it. It can't
/// refuse the call. Each method has a default that does nothing.
///
/// Source: Arrow, `cpp/src/arrow/flight/client_middleware.h`.
public protocol FlightClientMiddleware {
    /// The attempt's headers are about to be sent, with those that are added here.
    /// - Parameter headers: What the middleware before this one has added. Names of the protocol (`grpc-…`)
    ///   aren't sent.
    func sendingHeaders(_ headers: inout FlightMetadata)

    /// The headers of the answer are there. Not called if the attempt ends without them.
    func receivedHeaders(_ headers: FlightMetadata)

    /// The attempt is over. Called once, last, and before the caller hears of it, unless it was
    /// the caller's task that was cancelled.
    /// - Parameters:
    ///   - error: The call's status, or what kept the call from getting one; `nil` is `OK`.
    ///   - trailers: What the server sent with the status; without entries if none came.
    func callEnded(_ error: FlightError?, trailers: FlightMetadata)
}

extension FlightClientMiddleware {
    public func sendingHeaders(_ headers: inout FlightMetadata) {}
    public func receivedHeaders(_ headers: FlightMetadata) {}
    public func callEnded(_ error: FlightError?, trailers: FlightMetadata) {}
}

/// Makes what goes along with one attempt of a call; `nil` for nothing. Called on the call's event loop.
public typealias FlightClientMiddlewareFactory =
    @Sendable (FlightClientCall) -> (any FlightClientMiddleware)?

/// An attempt of a call that a client is about to make.
public struct FlightClientCall: Sendable {
    /// What kind of call it is.
    public let method: FlightMethod
    /// The server, as `HOST:PORT` of the client's configuration.
    public let peerName: String
    /// The headers that the attempt has so far.
    public let metadata: FlightMetadata
    /// How often the client has made the call before: 0 for its first attempt.
    public let previousAttemptCount: Int
}
