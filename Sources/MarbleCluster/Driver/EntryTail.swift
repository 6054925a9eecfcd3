internal import DequeModule
internal import MarbleRaft
internal import NIOCore

/// The newest entries of a group's log, with their payloads, in memory: what is sent to peers and
/// applied comes from here unless a peer, or the state machine, is far behind.
struct EntryTail {
    private var entries: Deque<RaftEntry> = []
    private(set) var byteCount = 0

    /// Index of the first entry held; `endIndex` when none is.
    private(set) var firstIndex: RaftIndex
    /// One past the last entry held.
    var endIndex: RaftIndex { firstIndex + UInt64(entries.count) }

    /// An entry's weight beside its payload.
    private static let overhead = 96

    init(after index: RaftIndex) {
        firstIndex = index + 1
    }

    subscript(index: RaftIndex) -> RaftEntry? {
        guard index >= firstIndex, index < endIndex else { return nil }
        return entries[Int(index - firstIndex)]
    }

    mutating func append(_ entry: RaftEntry) {
        precondition(
            entry.index == endIndex,
            "entry \(entry.index) appended to a tail that ends at \(endIndex)")
        byteCount += entry.payload.readableBytes + Self.overhead
        entries.append(entry)
    }

    /// Forgets the entries from `index` on.
    mutating func truncate(from index: RaftIndex) {
        guard index > firstIndex else { return reset(after: min(index, firstIndex) - 1) }
        while endIndex > index, let last = entries.popLast() {
            byteCount -= last.payload.readableBytes + Self.overhead
        }
    }

    /// Forgets everything; the next entry is `index + 1`.
    mutating func reset(after index: RaftIndex) {
        entries.removeAll(keepingCapacity: true)
        byteCount = 0
        firstIndex = index + 1
    }

    /// Forgets entries up to `index` from the front, oldest first, until at most `byteCountMax`
    /// bytes are held.
    mutating func evict(through index: RaftIndex, byteCountMax: Int) {
        while byteCount > byteCountMax, firstIndex <= index, let first = entries.popFirst() {
            byteCount -= first.payload.readableBytes + Self.overhead
            firstIndex += 1
        }
    }

    /// Appends to `output` the entries `first...last` while they fit into `byteCountMax` (the first
    /// always does). Returns the index of the last one taken and the payload bytes, or nil when
    /// `first` isn't held.
    func copy(
        _ first: RaftIndex, through last: RaftIndex, byteCountMax: Int,
        into output: inout [RaftEntry]
    ) -> (last: RaftIndex, byteCount: Int)? {
        guard first >= firstIndex, first < endIndex, first <= last else { return nil }
        var taken = 0
        var index = first
        let end = min(last + 1, endIndex)
        while index < end {
            let entry = entries[Int(index - firstIndex)]
            let size = entry.payload.readableBytes
            if index > first, taken + size > byteCountMax { break }
            taken += size
            output.append(entry)
            index += 1
        }
        return (index - 1, taken)
    }
}
