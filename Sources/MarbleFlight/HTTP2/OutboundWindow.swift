/// How much may be sent before the peer opens the window further (RFC 9113, 6.9).
struct OutboundWindow {
    private static let byteCountMax = Int(Int32.max)

    /// Below zero after the peer has taken back what was sent on already.
    private(set) var byteCount: Int

    init(_ byteCount: Int) {
        self.byteCount = byteCount
    }

    mutating func sent(_ byteCount: Int) {
        self.byteCount -= byteCount
    }

    /// - Returns: whether that is a size that a window can have.
    mutating func changed(by delta: Int) -> Bool {
        byteCount += delta
        return byteCount <= Self.byteCountMax
    }
}
