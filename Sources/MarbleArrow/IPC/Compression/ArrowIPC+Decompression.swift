extension ArrowIPC {
    /// The message of a record batch with its buffers decompressed; as it is if none are.
    ///
    /// Each buffer begins with the count of bytes that it will have (Message.fbs,
    /// BodyCompressionMethod). All counts together are checked against the limit, and each against
    /// what so few bytes could become at most, before any memory is taken for them.
    ///
    /// - Parameters:
    ///   - header: the batch's metadata. Its `metadata` is the result's, if it was compressed.
    ///   - body: the message's body.
    ///   - byteCountMax: how many bytes the result's body may have.
    /// - Throws: `limitExceeded` above the limit; `malformed` if a buffer isn't inside the body, if
    ///   it isn't what the codec makes, or if it holds more or fewer bytes than it says.
    public static func decompress(
        header: RecordBatchHeader, body: ArrowBuffer,
        byteCountMax: Int = ArrowLimits.uncompressedByteCountMax
    ) throws(ArrowError) -> (header: RecordBatchHeader, body: ArrowBuffer) {
        guard let codec = header.compression else { return (header, body) }
        let plan = try plan(header, body, codec, byteCountMax)
        let memory = ArrowMemory(capacity: plan.byteCount)
        let decompressor = BufferDecompressor(codec)
        var buffers: [(offset: Int, byteCount: Int)] = []
        buffers.reserveCapacity(plan.buffers.count)
        for (index, buffer) in plan.buffers.enumerated() {
            buffers.append((memory.count, buffer.byteCount))
            let source = body.slice(offset: buffer.offset, count: buffer.storedByteCount)
            try append(source, buffer, index, decompressor, codec, to: memory)
            memory.appendZeroes(ArrowFormat.padding(after: buffer.byteCount))
        }
        let metadata = RecordBatchMetadata(
            header: header, buffers: buffers, bodyByteCount: memory.count, codec: nil)
        guard
            case .recordBatch(let plain) = try decodeMessage(
                header: ArrowBuffer(metadata.encode()))
        else { preconditionFailure("the metadata of a record batch is that of something else") }
        return (plain, memory.buffer())
    }

    /// What the buffers will take once they are decompressed.
    private struct DecompressionPlan {
        struct Buffer {
            /// Where what follows the count of bytes lies.
            var offset = 0
            var storedByteCount = 0
            /// How many bytes it will have.
            var byteCount = 0
            var isCompressed = false
        }

        var buffers: [Buffer] = []
        /// Of all buffers, padding included.
        var byteCount = 0
    }

    private static func plan(
        _ header: RecordBatchHeader, _ body: ArrowBuffer, _ codec: ArrowCompressionCodec,
        _ byteCountMax: Int
    ) throws(ArrowError) -> DecompressionPlan {
        var plan = DecompressionPlan()
        plan.buffers.reserveCapacity(header.bufferCount)
        for index in 0..<header.bufferCount {
            let (offset, stored) = header.buffer(index)
            guard
                offset >= 0 && stored >= 0 && offset <= body.count
                    && stored <= body.count - Int(offset)
            else {
                throw damaged(
                    index, "has \(stored) bytes at \(offset) in a body of \(body.count) bytes")
            }
            let buffer = try plannedBuffer(
                index, body.slice(offset: Int(offset), count: Int(stored)), at: Int(offset), codec)
            let padded = buffer.byteCount + ArrowFormat.padding(after: buffer.byteCount)
            guard padded <= byteCountMax - plan.byteCount else {
                throw ArrowError(
                    .limitExceeded,
                    "the record batch would have more than \(byteCountMax) bytes when it is "
                        + "decompressed, which is the limit; write smaller batches")
            }
            plan.byteCount += padded
            plan.buffers.append(buffer)
        }
        return plan
    }

    private static func plannedBuffer(
        _ index: Int, _ bytes: ArrowBuffer, at offset: Int, _ codec: ArrowCompressionCodec
    ) throws(ArrowError) -> DecompressionPlan.Buffer {
        var buffer = DecompressionPlan.Buffer()
        if bytes.count == 0 { return buffer }
        let prefix = ArrowFormat.compressedPrefixByteCount
        guard bytes.count >= prefix else {
            throw damaged(index, "has \(bytes.count) bytes, too few for its uncompressed size")
        }
        let claim = bytes.load(Int64.self, at: 0)
        buffer.offset = offset + prefix
        buffer.storedByteCount = bytes.count - prefix
        buffer.isCompressed = claim != ArrowFormat.notCompressed
        buffer.byteCount = buffer.isCompressed ? Int(claim) : buffer.storedByteCount
        guard
            buffer.byteCount >= 0
                && buffer.byteCount / codec.expansionMax <= buffer.storedByteCount
        else {
            throw damaged(
                index,
                "says that its \(buffer.storedByteCount) bytes of \(codec) hold \(claim) bytes")
        }
        return buffer
    }

    private static func append(
        _ source: ArrowBuffer, _ buffer: DecompressionPlan.Buffer, _ index: Int,
        _ decompressor: BufferDecompressor, _ codec: ArrowCompressionCodec, to memory: ArrowMemory
    ) throws(ArrowError) {
        if buffer.byteCount == 0 { return }
        defer { withExtendedLifetime(source.owner) {} }
        guard buffer.isCompressed else {
            memory.append(source.base, count: source.count)
            return
        }
        memory.reserve(buffer.byteCount)
        let target = UnsafeMutableRawBufferPointer(
            start: memory.base + memory.count, count: buffer.byteCount)
        let frame = UnsafeRawBufferPointer(start: source.base, count: source.count)
        if let flaw = decompressor.decompress(frame, into: target) {
            throw damaged(
                index, "should be \(buffer.byteCount) bytes compressed with \(codec): \(flaw)")
        }
        memory.commit(buffer.byteCount)
    }

    private static func damaged(_ index: Int, _ flaw: String) -> ArrowError {
        ArrowError(
            .malformed,
            "buffer \(index) of a compressed record batch \(flaw); the batch is damaged")
    }
}
