package import MarbleArrow
import Synchronization

/// A table without a key, in memory: rows in log order.
package final class AppendMemoryTable: TableStore {
    /// Chunks up to `fullCount` are final, then come `small.chunkCount` small ones, then those that
    /// lie as they came.
    private struct Content {
        var capture = TableCapture()
        var fullCount = 0
        var small = ChunkWeight()
        var incoming = ChunkWeight()
    }

    private let configuration: StoreConfiguration
    private let content = Mutex(Content())

    package init(configuration: StoreConfiguration) {
        self.configuration = configuration
    }

    package func capture() -> TableCapture {
        content.withLock { $0.capture }
    }

    package func takesPromptly(batchCount: Int, rowCount: Int, byteCount: Int) -> Bool {
        let incoming = content.withLock { $0.incoming }
        return !configuration.isDue(
            incoming: incoming.with(batchCount, rowCount: rowCount, byteCount: byteCount))
    }

    package func upsert(_ batch: ArrowRecordBatch, version: UInt64) {
        guard batch.rowCount > 0 else { return content.withLock { $0.capture.version = version } }
        let rows = ChunkRows(batch: batch, keys: nil)
        let level = configuration.level(rowCount: batch.rowCount, byteCount: rows.byteCount)
        // What came before lies before: it must be merged now if this chunk ends its waiting.
        if level != .incoming { mergeIncoming() }
        if level == .full { mergeSmall() }
        let (incoming, small) = content.withLock { content in
            let chunk = RowChunk(rows, level: level)
            content.capture.chunks.append(chunk)
            content.capture.rowCount += batch.rowCount
            content.capture.version = version
            switch level {
            case .incoming: content.incoming.add(chunk)
            case .small: content.small.add(chunk)
            case .full: content.fullCount += 1
            }
            return (content.incoming, content.small)
        }
        if configuration.isDue(incoming: incoming) { mergeIncoming() }
        if configuration.isDue(small: small) { mergeSmall() }
    }

    package func insert(_ batch: ArrowRecordBatch, version: UInt64) {
        upsert(batch, version: version)
    }

    package func delete(
        _ batch: ArrowRecordBatch, keyColumns: [Int], version: UInt64
    ) throws(StoreError) -> Int {
        throw StoreError(.noKey, "rows can be deleted only from a table with a primary key")
    }

    /// Turns all incoming chunks into small ones, if possible into one.
    private func mergeIncoming() {
        let (first, chunks) = content.withLock { content in
            let first = content.fullCount + content.small.chunkCount
            return (first, Array(content.capture.chunks[first...]))
        }
        let merged = merge(chunks, level: .small)
        content.withLock { content in
            content.capture.chunks.replaceSubrange(first..<first + chunks.count, with: merged)
            content.incoming = ChunkWeight()
            for case .some(let chunk) in merged { content.small.add(chunk) }
        }
    }

    /// Turns all small chunks into full ones, if possible into one.
    private func mergeSmall() {
        mergeIncoming()
        let (first, chunks) = content.withLock {
            ($0.fullCount, Array($0.capture.chunks[$0.fullCount...]))
        }
        let merged = merge(chunks, level: .full)
        content.withLock { content in
            content.capture.chunks.replaceSubrange(first..<first + chunks.count, with: merged)
            content.small = ChunkWeight()
            content.fullCount = first + merged.count
        }
    }

    private func merge(_ chunks: [RowChunk?], level: RowChunk.Level) -> [RowChunk?] {
        if chunks.count > 1,
            let batch = try? ArrowRecordBatch.concatenate(chunks.compactMap(\.?.rows.batch))
        {
            return [RowChunk(ChunkRows(batch: batch, keys: nil), level: level)]
        }
        // One chunk, or more than 2 GiB of text in a column: they stay as they are.
        return chunks.map { chunk in
            var chunk = chunk
            chunk?.level = level
            return chunk
        }
    }
}
