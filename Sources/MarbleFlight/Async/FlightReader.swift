/// The messages that a peer sends on one call, for `for try await`.
///
/// Reading slower than the peer sends slows the peer down. One task reads; a second one at the same time
/// is a programmer's error. On a client, a call whose reader and writer are both dropped before its end is
/// cancelled.
public struct FlightReader<Element: Sendable>: AsyncSequence, Sendable {
    let bridge: FlightStreamBridge
    let lease: FlightStreamLease?
    let decode: @Sendable (FlightData) throws(FlightError) -> Element

    init(
        bridge: FlightStreamBridge,
        decode: @escaping @Sendable (FlightData) throws(FlightError) -> Element
    ) {
        self.bridge = bridge
        self.lease = bridge.lease()
        self.decode = decode
    }

    /// The call that the messages belong to.
    public var stream: FlightStream { bridge.stream }

    /// What the peer sent ahead of its messages; waits for it. On a server, the request's headers.
    ///
    /// A server may send its headers with its first message. Cancelling the task that waits cancels the call.
    /// - Throws: ``FlightError`` with the reason if the call ends before the headers come.
    public func headers() async throws(FlightError) -> FlightMetadata {
        try await bridge.headers()
    }

    /// What the server sent with the call's status, be that `OK` or an error; waits for the call's end, which
    /// doesn't come before the messages are read. On a server there is nothing.
    ///
    /// Cancelling the task that waits cancels the call.
    /// - Throws: ``FlightError`` with the reason if the call ends without a status of the server.
    public func trailers() async throws(FlightError) -> FlightMetadata {
        try await bridge.trailers()
    }

    /// Starts to read; every iterator goes on where the last one stopped.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(bridge: bridge, lease: lease, decode: decode)
    }

    /// Takes one message after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let bridge: FlightStreamBridge
        let lease: FlightStreamLease?
        let decode: @Sendable (FlightData) throws(FlightError) -> Element

        /// The next message, or `nil` when the peer has sent its last one and, on a client, the call's
        /// status is `OK`.
        /// - Throws: ``FlightError`` with the call's status, or `cancelled` when this task is cancelled.
        public mutating func next() async throws(FlightError) -> Element? {
            guard let data = try await bridge.next() else { return nil }
            return try decode(data)
        }

        /// The same, for generic code.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(FlightError) -> Element? {
            guard let data = try await bridge.next() else { return nil }
            return try decode(data)
        }
    }
}
