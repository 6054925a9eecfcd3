/// Writes the messages of a stream or file behind each other, and knows where each of them lies.
struct ArrowMessageWriter {
    /// What every batch must look like.
    let schema: ArrowSchema
    let compression: ArrowCompression
    private var encoder: ArrowBatchEncoder
    private(set) var bytes: [UInt8]
    private var takenByteCount = 0

    /// Begins with the bytes of `head`, and the schema behind them.
    init(schema: ArrowSchema, compression: ArrowCompression, head: [UInt8] = []) {
        self.schema = schema
        self.compression = compression
        encoder = ArrowBatchEncoder(schema: schema, compression: compression)
        bytes = head + ArrowIPC.encodeEncapsulatedSchema(encoder.schema)
    }

    /// The schema with its dictionaries numbered, as it was written.
    var writtenSchema: ArrowSchema {
        encoder.schema
    }

    /// The messages that write a batch, in order. The last one is the batch's own; those before it
    /// are dictionary batches. Throws `invalidArgument` if it is a batch of another schema.
    mutating func messages(
        of batch: ArrowRecordBatch
    ) throws(ArrowError) -> [ArrowEncodedRecordBatch] {
        guard batch.schema.hasSameFields(as: schema) else {
            throw ArrowError(
                .invalidArgument,
                "a batch of \(batch.schema) can't be written where batches are of \(schema)")
        }
        return encoder.encode(batch)
    }

    /// Appends a message, and says where it lies.
    @discardableResult
    mutating func append(_ message: ArrowEncodedRecordBatch) -> ArrowFileBlock {
        let offset = takenByteCount + bytes.count
        let metadata = ArrowIPC.encapsulate(message.header)
        let byteCount = bytes.count + metadata.count + message.bodyByteCount
        if byteCount > bytes.capacity {
            // Not just as much as is needed: then every message would copy all those before it.
            bytes.reserveCapacity(max(byteCount, 2 * bytes.capacity))
        }
        bytes.append(contentsOf: metadata)
        for segment in message.segments {
            segment.withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
        return ArrowFileBlock(
            offset: Int64(offset), metadataByteCount: Int32(metadata.count),
            bodyByteCount: Int64(message.bodyByteCount))
    }

    /// Appends the mark of the stream's end.
    mutating func appendEnd() {
        append(ArrowFormat.continuation)
        append(UInt32(0))
    }

    mutating func append(_ number: UInt32) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ added: [UInt8]) {
        bytes.append(contentsOf: added)
    }

    /// Hands over what has been written since the last call.
    mutating func takeBytes() -> [UInt8] {
        defer { bytes = [] }
        takenByteCount += bytes.count
        return bytes
    }
}
