/// When a peer is told that it may send more: once half of the window is used up (RFC 9113, 6.9).
struct InboundWindow {
    private let target: Int
    /// What the peer may still send, as HTTP/2 counts it; `nil` before the first change.
    private var size: Int?
    /// What has come and waits here: the window isn't opened for it before it has been taken.
    private var heldByteCount = 0
    /// The peer sends nothing more.
    var isClosed = false

    init(target: Int) {
        self.target = target
    }

    /// - Returns: by how much to open the window.
    mutating func changed(to size: Int) -> Int? {
        self.size = size
        return increment
    }

    /// The peer has taken note of other settings.
    mutating func changed(by delta: Int) -> Int? {
        guard let size else { return nil }
        return changed(to: size + delta)
    }

    mutating func held(_ byteCount: Int) {
        heldByteCount += byteCount
    }

    /// - Returns: by how much to open the window.
    mutating func taken(_ byteCount: Int) -> Int? {
        heldByteCount -= byteCount
        return increment
    }

    private var increment: Int? {
        guard let size, !isClosed else { return nil }
        let room = size + heldByteCount
        guard room <= target / 2 else { return nil }
        return min(target - room, Int(Int32.max))
    }
}
