/// Receives what happens on one ``FlightStream``, on the stream's event loop.
///
/// This is the hot path: no `await`, no closure and no allocation per message. Whatever the delegate
/// sends from inside a callback goes out with everything else that this turn of the loop has produced,
/// as one write. A stream holds its delegate strongly until ``flightStream(_:closed:)`` has returned.
public protocol FlightStreamDelegate: AnyObject {
    /// On a client: the server's headers are there, in ``FlightStream/metadata``. Called once, before the
    /// first message, unless the call ends without them.
    func flightStreamHeadersReceived(_ stream: FlightStream)

    /// All messages that one read of the socket brought, in order.
    ///
    /// The array's storage is the stream's and is reused after the call; swap it out to keep it.
    /// Which bytes are where is said at ``FlightData``: on a client's `DoPut` stream, for instance, each
    /// PutResult is a message with only `appMetadata`.
    func flightStream(_ stream: FlightStream, received messages: inout [FlightData])

    /// The peer has sent its last message. A server's stream must now be finished by the delegate,
    /// at once or later; on a client's stream ``flightStream(_:closed:)`` follows by itself.
    func flightStreamInputEnded(_ stream: FlightStream)

    /// ``FlightStream/isWritable`` has changed.
    func flightStreamWritabilityChanged(_ stream: FlightStream)

    /// The stream is over; called exactly once, last.
    ///
    /// - Parameters:
    ///   - stream: The stream, which can't be used any more.
    ///   - error: On a client: the call's status, `nil` for `OK`. On a server: `nil` when the status that
    ///     ``FlightStream/finish(_:)`` gave has gone out, else why it could not (`cancelled` by the client,
    ///     `deadlineExceeded`, a broken connection as `unavailable`, …).
    func flightStream(_ stream: FlightStream, closed error: FlightError?)
}

extension FlightStreamDelegate {
    /// Does nothing.
    public func flightStreamHeadersReceived(_ stream: FlightStream) {}

    /// Does nothing.
    public func flightStreamWritabilityChanged(_ stream: FlightStream) {}
}
