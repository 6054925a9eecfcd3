package import MarbleArrow

/// The rows of one table: the seam where an LSM tree takes the place of memory.
///
/// One writer at a time changes it; captures are taken from any thread, beside the writer, and stay
/// as they are whatever is written later. Batches have been validated against the table's schema,
/// and key columns hold no nulls.
package protocol TableStore: AnyObject, Sendable {
    /// Adds rows; a row whose key exists takes the other's place, the last of equal keys wins.
    /// Without a key, rows are appended. `version` is the log index that the change belongs to.
    func upsert(_ batch: ArrowRecordBatch, version: UInt64)

    /// Adds rows, or none if one's key exists already, in the table or in the batch.
    func insert(_ batch: ArrowRecordBatch, version: UInt64) throws(StoreError)

    /// Removes the rows with these keys.
    ///
    /// - Parameters:
    ///   - batch: rows with the key's values.
    ///   - keyColumns: the positions of the key's columns in the batch, in the key's order.
    /// - Returns: how many rows there were.
    func delete(
        _ batch: ArrowRecordBatch, keyColumns: [Int], version: UInt64
    ) throws(StoreError) -> Int

    /// Whether batches of these sizes, together, can be taken in a few microseconds: without a merge,
    /// or another work that grows with the table. To be asked by the writer.
    func takesPromptly(batchCount: Int, rowCount: Int, byteCount: Int) -> Bool

    /// The rows as of now.
    func capture() -> TableCapture
}

/// When chunks are merged, and into what. Merging changes no content.
package struct StoreConfiguration: Sendable {
    /// Batches with fewer rows and bytes gather in memory as they came, until together they reach it.
    package var smallChunkRowCount = 1024
    package var smallChunkByteCount = 128 << 10
    /// Small chunks gather until together they reach it.
    package var fullChunkRowCount = 65536
    package var fullChunkByteCount = 2 << 20
    /// How many chunks may wait for a merge, however small.
    package var incomingChunkCount = 1024
    package var smallChunkCount = 64
    /// Makes hash collisions unpredictable for those who write keys.
    package var hashSeed: UInt64

    package init(hashSeed: UInt64 = .random(in: .min ... .max)) {
        self.hashSeed = hashSeed
    }

    func level(rowCount: Int, byteCount: Int) -> RowChunk.Level {
        if rowCount >= fullChunkRowCount / 2 || byteCount >= fullChunkByteCount / 2 { return .full }
        if rowCount >= smallChunkRowCount / 2 || byteCount >= smallChunkByteCount / 2 {
            return .small
        }
        return .incoming
    }

    func isDue(incoming: ChunkWeight) -> Bool {
        incoming.chunkCount >= incomingChunkCount || incoming.rowCount >= smallChunkRowCount
            || incoming.byteCount >= smallChunkByteCount
    }

    func isDue(small: ChunkWeight) -> Bool {
        small.chunkCount >= smallChunkCount || small.rowCount >= fullChunkRowCount
            || small.byteCount >= fullChunkByteCount
    }
}

/// How much waits to be merged.
struct ChunkWeight {
    var chunkCount = 0
    var rowCount = 0
    var byteCount = 0

    func with(_ batchCount: Int, rowCount: Int, byteCount: Int) -> ChunkWeight {
        ChunkWeight(
            chunkCount: chunkCount + batchCount, rowCount: self.rowCount + rowCount,
            byteCount: self.byteCount + byteCount)
    }

    mutating func add(_ chunk: RowChunk) {
        chunkCount += 1
        rowCount += chunk.rowCount
        byteCount += chunk.rows.byteCount
    }
}
