extension ArrowEncodedRecordBatch {
    /// The same batch with each of its buffers compressed.
    func compressed(_ compression: ArrowCompression) -> ArrowEncodedRecordBatch {
        guard let codec = compression.codec else { return self }
        let plain = Self.header(of: header)
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
            header: plain, buffers: buffers, bodyByteCount: byteCount, codec: codec)
        return ArrowEncodedRecordBatch(
            header: metadata.encode(), segments: segments, bodyByteCount: byteCount)
    }

    /// The header that was encoded just now.
    private static func header(of encoded: [UInt8]) -> RecordBatchHeader {
        do throws(ArrowError) {
            guard
                case .recordBatch(let header) = try ArrowIPC.decodeMessage(
                    header: ArrowBuffer(encoded))
            else { preconditionFailure("an encoded record batch is something else") }
            return header
        } catch {
            preconditionFailure("an encoded record batch can't be read: \(error)")
        }
    }
}
