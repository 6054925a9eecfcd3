import NIOCore

/// Ends a client's call when nobody can read or write it any more.
///
/// Readers and writers of a call share one lease. Without it, a reader that is dropped in the middle
/// of a stream would leave the call open, and the server waiting, for as long as the connection stands.
final class FlightStreamLease: Sendable {
    private let stream: FlightStream

    init(_ stream: FlightStream) {
        self.stream = stream
    }

    deinit {
        let stream = stream
        stream.eventLoop.execute { stream.cancel() }
    }
}
