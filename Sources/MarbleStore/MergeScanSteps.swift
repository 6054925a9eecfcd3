import MarbleArrow

/// Live rows in the order of their keys: a merge of the chunks, each visited in its keys' order.
struct MergeScanSteps {
    /// Where the merge stands in one chunk.
    private struct Cursor {
        // No references here: cursors are moved about for every row.
        let chunk: Int
        /// Whether the chunk's rows lie in the order wanted, and all live.
        let isPlain: Bool
        /// Counts from the end when descending.
        var position: Int
        var row: Int
        /// Of the key at `row`; compared before the keys themselves are.
        var prefix: UInt64
    }

    let chunks: [RowChunk]
    private let descending: Bool
    /// The order of each chunk's keys; nil where a chunk has no rows.
    private var orders: [KeyOrder?] = []
    /// A heap: the cursor with the next key is at its top.
    private var cursors: [Cursor] = []

    init() {
        chunks = []
        descending = false
    }

    init(_ chunks: [RowChunk], schema: ArrowSchema, descending: Bool) {
        self.chunks = Self.gatheringIncoming(chunks, schema: schema)
        self.descending = descending
        for (index, chunk) in self.chunks.enumerated() {
            guard chunk.liveCount > 0, let keys = chunk.rows.keys else {
                orders.append(nil)
                continue
            }
            let order = chunk.rows.keyOrder(of: keys)
            orders.append(order)
            var cursor = Cursor(
                chunk: index, isPlain: !descending && order.isStored && chunk.liveness == nil,
                position: -1, row: 0, prefix: 0)
            if advance(&cursor) { cursors.append(cursor) }
        }
        for index in stride(from: cursors.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
    }

    /// The chunks that wait as they came are put into one: a merge of a thousand would be slow.
    private static func gatheringIncoming(
        _ chunks: [RowChunk], schema: ArrowSchema
    ) -> [RowChunk] {
        let incoming = chunks.filter { $0.level == .incoming && $0.liveCount > 0 }
        guard incoming.count > 1 else { return chunks }
        var gather = ArrowGather(schema: schema)
        var keys = ChunkKeysBuilder()
        for chunk in incoming {
            guard let chunkKeys = chunk.rows.keys,
                let source = try? gather.addSource(chunk.rows.batch)
            else { return chunks }
            chunk.forEachLiveRun { rows in
                gather.append(source: source, rows: rows)
                for row in rows { keys.append(chunkKeys, row: row) }
            }
        }
        guard let batch = try? gather.finish() else { return chunks }
        let gathered = RowChunk(ChunkRows(batch: batch, keys: keys.finish()), level: .small)
        return chunks.filter { $0.level != .incoming } + [gathered]
    }

    mutating func next() -> ScanStep? {
        guard let top = cursors.first else { return nil }
        if top.isPlain, let rest = restOfChunk(top) {
            removeTop()
            return rest
        }
        let step = ScanStep(chunk: top.chunk, rows: top.row..<top.row + 1)
        if advance(&cursors[0]) {
            siftDown(0)
        } else {
            removeTop()
        }
        return step
    }

    /// All the rows that are left of a plain chunk, if they come before everything else.
    private func restOfChunk(_ cursor: Cursor) -> ScanStep? {
        guard let keys = chunks[cursor.chunk].rows.keys else { return nil }
        let last = keys.count - 1
        let lastPrefix = keys.prefix(last)
        for index in 1...2 where index < cursors.count {
            let other = cursors[index]
            guard lastPrefix <= other.prefix else { return nil }
            guard lastPrefix < other.prefix || isKeyBefore(cursor.chunk, last, other) else {
                return nil
            }
        }
        return ScanStep(chunk: cursor.chunk, rows: cursor.row..<last + 1)
    }

    private func isKeyBefore(_ chunk: Int, _ row: Int, _ other: Cursor) -> Bool {
        compare(chunk, row, other.chunk, other.row) < 0
    }

    private func compare(_ chunk: Int, _ row: Int, _ otherChunk: Int, _ otherRow: Int) -> Int {
        guard let keys = chunks[chunk].rows.keys, let others = chunks[otherChunk].rows.keys else {
            return 0
        }
        return keys.withKey(row) { key in
            others.withKey(otherRow) { ChunkKeys.compare(key, $0) }
        }
    }

    /// Moves to the next live row; false if there is none.
    @inline(__always)
    private func advance(_ cursor: inout Cursor) -> Bool {
        let count = chunks[cursor.chunk].rowCount
        cursor.position += 1
        while cursor.position < count {
            let position = descending ? count - 1 - cursor.position : cursor.position
            let row = orders[cursor.chunk]?.row(at: position) ?? position
            if chunks[cursor.chunk].isLive(row) {
                cursor.row = row
                cursor.prefix = chunks[cursor.chunk].rows.keys?.prefix(row) ?? 0
                return true
            }
            cursor.position += 1
        }
        return false
    }

    @inline(__always)
    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        let one = cursors[left]
        let other = cursors[right]
        if one.prefix != other.prefix { return (one.prefix < other.prefix) != descending }
        let order = compare(one.chunk, one.row, other.chunk, other.row)
        return descending ? order > 0 : order < 0
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var first = parent
            let left = 2 * parent + 1
            if left < cursors.count && isBefore(left, first) { first = left }
            if left + 1 < cursors.count && isBefore(left + 1, first) { first = left + 1 }
            if first == parent { return }
            cursors.swapAt(parent, first)
            parent = first
        }
    }

    private mutating func removeTop() {
        let last = cursors.removeLast()
        guard !cursors.isEmpty else { return }
        cursors[0] = last
        siftDown(0)
    }
}
