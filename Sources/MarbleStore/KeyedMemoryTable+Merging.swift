import MarbleArrow
import Synchronization

/// Merging many small chunks into few large ones, and getting rid of dead rows. The content stays
/// the same; captures keep the chunks that they have.
extension KeyedMemoryTable {
    func mergeWhereDue() {
        if configuration.isDue(incoming: incoming.weight) {
            let places = incoming.places
            incoming = WaitingChunks()
            merge(places, atLeast: .small)
        }
        if configuration.isDue(small: small.weight) {
            let places = small.places
            small = WaitingChunks()
            merge(places, atLeast: .small)
        }
    }

    /// Rewrites full chunks of which less than half is left.
    func compactHollow() {
        for place in hollow { merge([place], atLeast: .small) }
        hollow.removeAll()
    }

    /// Makes one chunk of what lives in several. It waits for further merges if it is still small.
    private func merge(_ places: [UInt32], atLeast level: RowChunk.Level) {
        let sources = content.withLock { content in
            places.map { content.chunks[Int($0)] }
        }
        var gather = ArrowGather(schema: schema)
        var mergedKeys = ChunkKeysBuilder()
        var moved: [Place] = []
        for (place, chunk) in zip(places, sources) {
            guard let chunk, let chunkKeys = chunk.rows.keys, chunk.liveCount > 0 else { continue }
            guard let source = try? gather.addSource(chunk.rows.batch) else { return }
            chunk.forEachLiveRun { rows in
                gather.append(source: source, rows: rows)
                for row in rows {
                    mergedKeys.append(chunkKeys, row: row)
                    moved.append(Place(chunk: place, row: UInt32(row)))
                }
            }
        }
        guard !moved.isEmpty else { return remove(places) }
        // Where rows can't be merged (more than 2 GiB of text in a column), they stay as they are.
        guard let batch = try? gather.finish() else { return }
        let rows = ChunkRows(batch: batch, keys: mergedKeys.finish())
        replace(places, by: rows, moved: moved)
    }

    private func replace(_ places: [UInt32], by rows: ChunkRows, moved: [Place]) {
        guard let chunkKeys = rows.keys else { return }
        let target = takePlace(for: chunkKeys)
        for (row, place) in moved.enumerated() {
            let hash = chunkKeys.hash(row, seed: configuration.hashSeed)
            let position = index.find(hash: hash) {
                $0.chunk == place.chunk && $0.row == place.row
            }
            guard let position else {
                preconditionFailure(
                    "row \(place.row) of chunk \(place.chunk) lives, but the index of "
                        + "\(index.count) keys doesn't know it")
            }
            index.move(position, chunk: target, row: UInt32(row))
        }
        var level = configuration.level(rowCount: rows.batch.rowCount, byteCount: rows.byteCount)
        if level == .incoming { level = .small }
        let chunk = RowChunk(rows, level: level)
        content.withLock { content in
            put(chunk, at: target, in: &content)
            for place in places { content.chunks[Int(place)] = nil }
        }
        for place in places { givePlaceBack(place) }
        if level == .small { small.add(chunk, at: target) }
    }

    private func remove(_ places: [UInt32]) {
        content.withLock { content in
            for place in places { content.chunks[Int(place)] = nil }
        }
        for place in places { givePlaceBack(place) }
    }
}
