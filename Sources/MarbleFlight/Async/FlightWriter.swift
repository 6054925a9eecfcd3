/// Sends messages to a peer on one call.
public struct FlightWriter<Element: Sendable>: Sendable {
    let bridge: FlightStreamBridge
    private let lease: FlightStreamLease?
    private let encode: @Sendable (Element) -> FlightData

    init(bridge: FlightStreamBridge, encode: @escaping @Sendable (Element) -> FlightData) {
        self.bridge = bridge
        self.lease = bridge.lease()
        self.encode = encode
    }

    /// The call that the messages belong to.
    public var stream: FlightStream { bridge.stream }

    /// Sends one message; suspends while the peer or the network is too slow to take more.
    /// - Throws: ``FlightError`` with the call's status when it is over, `cancelled` when this task is.
    public func write(_ element: Element) async throws(FlightError) {
        try await bridge.write(encode(element))
    }

    /// Sends messages in order, as ``write(_:)`` does.
    public func write(contentsOf elements: some Sequence<Element>) async throws(FlightError) {
        for element in elements { try await bridge.write(encode(element)) }
    }
}
