/// How much a peer may still send, and when it is told that it may send more: once half of the window is
/// used up (RFC 9113, 6.9).
struct InboundWindow {
    /// What each connection begins with, and each stream before the first SETTINGS (RFC 9113, 6.9.2).
    static let initialByteCount = 65_535

    private let target: Int
    /// What the peer may still send.
    private(set) var byteCount: Int
    /// What has come and waits here: the window isn't opened for it before it has been taken.
    private var heldByteCount = 0
    /// The peer sends nothing more.
    var isClosed = false

    init(_ byteCount: Int, target: Int) {
        self.byteCount = byteCount
        self.target = target
    }

    /// - Returns: whether the peer was allowed to send that.
    mutating func received(_ byteCount: Int) -> Bool {
        self.byteCount -= byteCount
        // Nothing may always be sent: other settings can leave less room than nothing.
        return byteCount == 0 || self.byteCount >= 0
    }

    mutating func held(_ byteCount: Int) {
        heldByteCount += byteCount
    }

    mutating func taken(_ byteCount: Int) {
        heldByteCount -= byteCount
    }

    /// The peer has taken note of other settings, which allow it more or less.
    mutating func changed(by delta: Int) {
        byteCount += delta
    }

    /// - Returns: by how much to open the window now.
    mutating func takeIncrement() -> Int? {
        guard !isClosed else { return nil }
        let room = byteCount + heldByteCount
        guard room <= target / 2 else { return nil }
        let increment = min(target - room, Int(Int32.max))
        byteCount += increment
        return increment
    }
}
