extension ArrowEncodedRecordBatch {
    /// The same batch with each of its buffers compressed.
    func compressed(_ compression: ArrowCompression) -> ArrowEncodedRecordBatch {
        guard let codec = compression.codec else { return self }
        let (plain, dictionary) = Self.header(of: header)
        let compressor = BufferCompressor(compression)
        var segments: [ArrowBuffer] = []
        var buffers: [(offset: Int, byteCount: Int)] = []
        var byteCount = 0
        var next = 0
        for index in 0..<plain.bufferCount {
            let size = Int(plain.buffer(index).byteCount)
            if size == 0 {
                buffers.append((byteCount, 0))
                continue
            }
            // Each buffer is a segment, followed by another one if it needs padding.
            let segment = self.segments[next]
            precondition(segment.count == size, "a segment that is no buffer")
            next += ArrowFormat.padding(after: size) == 0 ? 1 : 2
            let stored = compressor.compress(segment)
            buffers.append((byteCount, stored.count))
            segments.append(stored)
            let padding = ArrowFormat.padding(after: stored.count)
            if padding > 0 { segments.append(.padding(padding)) }
            byteCount += stored.count + padding
        }
        let metadata = RecordBatchMetadata(
            header: plain, buffers: buffers, bodyByteCount: byteCount, codec: codec,
            dictionary: dictionary)
        return ArrowEncodedRecordBatch(
            header: metadata.encode(), segments: segments, bodyByteCount: byteCount)
    }

    /// The header that was encoded just now.
    private static func header(
        of encoded: [UInt8]
    ) -> (RecordBatchHeader, RecordBatchMetadata.Dictionary?) {
        do throws(ArrowError) {
            switch try ArrowIPC.decodeMessage(header: ArrowBuffer(encoded)) {
            case .recordBatch(let header): return (header, nil)
            case .dictionaryBatch(let header):
                let dictionary = RecordBatchMetadata.Dictionary(
                    id: header.id, isDelta: header.isDelta)
                return (header.values, dictionary)
            case .schema: preconditionFailure("an encoded record batch is a schema")
            }
        } catch {
            preconditionFailure("an encoded record batch can't be read: \(error)")
        }
    }
}
