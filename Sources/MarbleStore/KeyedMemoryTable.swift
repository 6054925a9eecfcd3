package import MarbleArrow
import Synchronization

/// A table with a primary key, in memory: chunks of rows, and an index that knows where the row with
/// a key lies. A row that is overwritten or deleted is marked dead in its chunk.
///
/// The index belongs to the writer alone; what captures share is changed under a lock, for the time
/// that marking rows takes.
package final class KeyedMemoryTable: TableStore, @unchecked Sendable {
    // Unchecked: everything but `content` is touched by the table's one writer only.

    struct Place {
        var chunk: UInt32
        var row: UInt32
    }

    let schema: ArrowSchema
    let keyColumns: [Int]
    let configuration: StoreConfiguration
    let content = Mutex(TableCapture())

    var index = KeyIndex()
    /// The keys of each chunk, by the chunk's place in `content`.
    var keys: [ChunkKeys?] = []
    var freePlaces: [UInt32] = []
    var incoming = WaitingChunks()
    var small = WaitingChunks()
    /// Full chunks that have lost half of their rows; the next change compacts them first.
    var hollow: [UInt32] = []
    /// Rows that the current change kills; kept to reuse its memory.
    private var dead: [Place] = []

    /// - Parameter keyColumns: the positions of the key's columns, in the key's order.
    package init(schema: ArrowSchema, keyColumns: [Int], configuration: StoreConfiguration) {
        self.schema = schema
        self.keyColumns = keyColumns
        self.configuration = configuration
    }

    package func capture() -> TableCapture {
        content.withLock { $0 }
    }

    package func takesPromptly(batchCount: Int, rowCount: Int, byteCount: Int) -> Bool {
        hollow.isEmpty && index.hasRoom(for: rowCount)
            && !configuration.isDue(
                incoming: incoming.weight.with(batchCount, rowCount: rowCount, byteCount: byteCount)
            )
    }

    package func upsert(_ batch: ArrowRecordBatch, version: UInt64) {
        compactHollow()
        guard batch.rowCount > 0 else { return content.withLock { $0.version = version } }
        let batchKeys = ChunkKeys(of: batch, columns: keyColumns)
        let place = takePlace(for: batchKeys)
        index.reserve(batchKeys.count)
        for row in 0..<batchKeys.count {
            let hash = batchKeys.hash(row, seed: configuration.hashSeed)
            if let position = find(hash: hash, row: row, of: batchKeys) {
                let slot = index[position]
                dead.append(Place(chunk: slot.chunk, row: slot.row))
                index.move(position, chunk: place, row: UInt32(row))
            } else {
                index.insert(hash: hash, chunk: place, row: UInt32(row))
            }
        }
        publish(ChunkRows(batch: batch, keys: batchKeys), at: place, version: version)
        mergeWhereDue()
    }

    package func insert(_ batch: ArrowRecordBatch, version: UInt64) throws(StoreError) {
        compactHollow()
        guard batch.rowCount > 0 else { return content.withLock { $0.version = version } }
        let batchKeys = ChunkKeys(of: batch, columns: keyColumns)
        let place = takePlace(for: batchKeys)
        index.reserve(batchKeys.count)
        for row in 0..<batchKeys.count {
            let hash = batchKeys.hash(row, seed: configuration.hashSeed)
            guard find(hash: hash, row: row, of: batchKeys) == nil else {
                for added in 0..<row { removeFromIndex(added, of: batchKeys, at: place) }
                givePlaceBack(place)
                throw StoreError(.keyExists, "the key of the batch's row \(row) exists already")
            }
            index.insert(hash: hash, chunk: place, row: UInt32(row))
        }
        publish(ChunkRows(batch: batch, keys: batchKeys), at: place, version: version)
        mergeWhereDue()
    }

    package func delete(
        _ batch: ArrowRecordBatch, keyColumns: [Int], version: UInt64
    ) throws(StoreError) -> Int {
        compactHollow()
        let batchKeys = ChunkKeys(of: batch, columns: keyColumns)
        for row in 0..<batchKeys.count {
            let hash = batchKeys.hash(row, seed: configuration.hashSeed)
            guard let position = find(hash: hash, row: row, of: batchKeys) else { continue }
            let slot = index[position]
            dead.append(Place(chunk: slot.chunk, row: slot.row))
            index.remove(at: position)
        }
        let count = dead.count
        hollow += content.withLock { content in
            content.version = version
            return bury(in: &content)
        }
        mergeWhereDue()
        return count
    }

    // MARK: Index

    /// The index's position of the key of `row`, or nil if there is no such row in the table.
    @inline(__always)
    private func find(hash: UInt32, row: Int, of batchKeys: ChunkKeys) -> Int? {
        batchKeys.withKey(row) { key in
            index.find(hash: hash) { slot in
                keys[Int(slot.chunk)]?.withKey(Int(slot.row)) {
                    $0.count == key.count && ChunkKeys.compare($0, key) == 0
                } ?? false
            }
        }
    }

    private func removeFromIndex(_ row: Int, of batchKeys: ChunkKeys, at place: UInt32) {
        let hash = batchKeys.hash(row, seed: configuration.hashSeed)
        let position = index.find(hash: hash) { $0.chunk == place && $0.row == UInt32(row) }
        if let position { index.remove(at: position) }
    }

    // MARK: Chunks

    /// A place for a chunk, in `keys` and, once it is published, in `content`.
    func takePlace(for chunkKeys: ChunkKeys) -> UInt32 {
        if let place = freePlaces.popLast() {
            keys[Int(place)] = chunkKeys
            return place
        }
        keys.append(chunkKeys)
        return UInt32(keys.count - 1)
    }

    func givePlaceBack(_ place: UInt32) {
        keys[Int(place)] = nil
        freePlaces.append(place)
    }

    /// Makes a chunk and the deaths that it brings visible.
    private func publish(_ rows: ChunkRows, at place: UInt32, version: UInt64) {
        let level = configuration.level(
            rowCount: rows.batch.rowCount, byteCount: rows.byteCount)
        let chunk = RowChunk(rows, level: level)
        hollow += content.withLock { content in
            put(chunk, at: place, in: &content)
            content.rowCount += chunk.rowCount
            content.version = version
            return bury(in: &content)
        }
        switch level {
        case .incoming: incoming.add(chunk, at: place)
        case .small: small.add(chunk, at: place)
        case .full: break
        }
    }

    func put(_ chunk: RowChunk, at place: UInt32, in content: inout TableCapture) {
        if Int(place) == content.chunks.count {
            content.chunks.append(chunk)
        } else {
            content.chunks[Int(place)] = chunk
        }
    }

    /// Marks the rows in `dead`. Returns the full chunks of which less than half is left by it.
    private func bury(in content: inout TableCapture) -> [UInt32] {
        var emptied: [UInt32] = []
        for place in dead {
            let chunk = Int(place.chunk)
            content.chunks[chunk]?.kill(Int(place.row))
            if let left = content.chunks[chunk], left.level == .full,
                left.liveCount == left.rowCount / 2
            {
                emptied.append(place.chunk)
            }
        }
        content.rowCount -= dead.count
        if dead.capacity > 1 << 16 { dead = [] } else { dead.removeAll(keepingCapacity: true) }
        return emptied
    }
}

/// Chunks that wait to be merged.
struct WaitingChunks {
    var places: [UInt32] = []
    var weight = ChunkWeight()

    mutating func add(_ chunk: RowChunk, at place: UInt32) {
        places.append(place)
        weight.add(chunk)
    }
}
