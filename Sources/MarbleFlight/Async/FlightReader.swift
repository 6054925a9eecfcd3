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
