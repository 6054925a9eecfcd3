import MarbleArrow
import Synchronization

/// Some rows of a table: an immutable batch, and which of its rows still count.
struct RowChunk: Sendable {
    /// How far rows have come on their way from a client's batch to a chunk of full size.
    enum Level: Sendable {
        /// As it came, and small: waits to be merged.
        case incoming
        /// Merged once, or of middle size: waits to be merged again.
        case small
        /// Stays as it is, until most of its rows are dead.
        case full
    }

    let rows: ChunkRows
    var level: Level
    /// nil while all rows live.
    private(set) var liveness: RowLiveness?
    private(set) var liveCount: Int

    init(_ rows: ChunkRows, level: Level) {
        self.rows = rows
        self.level = level
        liveCount = rows.batch.rowCount
    }

    var rowCount: Int {
        rows.batch.rowCount
    }

    /// Takes a row out of the table; it must live.
    mutating func kill(_ row: Int) {
        if liveness == nil { liveness = RowLiveness(rowCount: rowCount) }
        liveness?.kill(row)
        liveCount -= 1
    }

    func isLive(_ row: Int) -> Bool {
        liveness?[row] ?? true
    }

    /// Calls `body` with each range of neighbouring live rows.
    func forEachLiveRun(_ body: (Range<Int>) -> Void) {
        guard liveCount > 0 else { return }
        if let liveness {
            liveness.forEachRun(rowCount: rowCount, body)
        } else {
            body(0..<rowCount)
        }
    }
}

/// The immutable part of a chunk, shared by the table and its captures.
final class ChunkRows: Sendable {
    let batch: ArrowRecordBatch
    /// nil in a table without a key.
    let keys: ChunkKeys?
    let byteCount: Int
    private let order = Mutex<KeyOrder?>(nil)

    init(batch: ArrowRecordBatch, keys: ChunkKeys?) {
        self.batch = batch
        self.keys = keys
        byteCount = batch.byteCount
    }

    /// The rows in the order of their keys: sorted by whoever asks first, then remembered.
    func keyOrder(of keys: ChunkKeys) -> KeyOrder {
        if let known = order.withLock({ $0 }) { return known }
        let sorted = KeyOrder(sorting: keys)
        order.withLock { $0 = sorted }
        return sorted
    }
}

/// In which order rows must be visited to see their keys ascend.
enum KeyOrder: Sendable {
    /// As they lie.
    case asStored
    case permutation([UInt32])

    init(sorting keys: ChunkKeys) {
        struct Item {
            var prefix: UInt64
            var row: UInt32
        }
        var items: [Item] = []
        items.reserveCapacity(keys.count)
        for row in 0..<keys.count {
            items.append(Item(prefix: keys.prefix(row), row: UInt32(row)))
        }
        func isBefore(_ left: Item, _ right: Item) -> Bool {
            if left.prefix != right.prefix { return left.prefix < right.prefix }
            let order = keys.withKey(Int(left.row)) { leftKey in
                keys.withKey(Int(right.row)) { ChunkKeys.compare(leftKey, $0) }
            }
            return order == 0 ? left.row < right.row : order < 0
        }
        var isSorted = true
        for row in 1..<max(items.count, 1) where !isBefore(items[row - 1], items[row]) {
            isSorted = false
            break
        }
        if isSorted {
            self = .asStored
        } else {
            items.sort(by: isBefore)
            self = .permutation(items.map(\.row))
        }
    }

    @inline(__always)
    func row(at position: Int) -> Int {
        switch self {
        case .asStored: position
        case .permutation(let rows): Int(rows[position])
        }
    }

    var isStored: Bool {
        if case .asStored = self { true } else { false }
    }
}
