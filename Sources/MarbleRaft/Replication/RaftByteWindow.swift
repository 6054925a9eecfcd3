/// Ranges of entries in log order with their byte counts: what is in flight to a peer, or proposed and
/// not committed. A ring that grows and is then reused.
struct RaftByteWindow: Sendable {
    private struct Item {
        var lastIndex: RaftIndex
        var byteCount: Int
    }

    private var items: [Item] = []
    private var head = 0
    private(set) var count = 0
    private(set) var byteCount = 0

    /// Adds a range that ends at `lastIndex`, after all that was added before.
    mutating func add(lastIndex: RaftIndex, byteCount: Int) {
        if count == items.count { grow() }
        items[(head + count) & (items.count - 1)] = Item(
            lastIndex: lastIndex, byteCount: byteCount)
        count += 1
        self.byteCount += byteCount
    }

    /// Removes the ranges that end at or before `index`.
    mutating func release(through index: RaftIndex) {
        while count > 0, items[head].lastIndex <= index {
            byteCount -= items[head].byteCount
            head = (head + 1) & (items.count - 1)
            count -= 1
        }
    }

    mutating func removeAll() {
        head = 0
        count = 0
        byteCount = 0
    }

    /// Capacities are powers of two, so that positions wrap with a mask.
    private mutating func grow() {
        let empty = Item(lastIndex: 0, byteCount: 0)
        var larger: [Item] = []
        larger.reserveCapacity(max(16, items.count * 2))
        for offset in 0..<count {
            larger.append(items[(head + offset) & (items.count - 1)])
        }
        while larger.count < max(16, items.count * 2) { larger.append(empty) }
        items = larger
        head = 0
    }
}
