/// Writes the messages of a stream or file behind each other, and knows where each of them lies.
struct ArrowMessageWriter {
    /// What every batch must look like.
    let schema: ArrowSchema
    let compression: ArrowCompression
    private var encoder: ArrowBatchEncoder
    private(set) var output = ArrowOutputQueue()
    private var takenByteCount = 0

    /// Begins with the bytes of `head`, and the schema behind them.
    init(schema: ArrowSchema, compression: ArrowCompression, head: [UInt8] = []) {
        self.schema = schema
        self.compression = compression
        encoder = ArrowBatchEncoder(schema: schema, compression: compression)
        output.append(head)
        output.append(ArrowIPC.encodeEncapsulatedSchema(encoder.schema))
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
        let offset = takenByteCount + output.byteCount
        let metadata = ArrowIPC.encapsulate(message.header)
        output.append(metadata)
        for segment in message.segments { output.append(segment) }
        return ArrowFileBlock(
            offset: Int64(offset), metadataByteCount: Int32(metadata.count),
            bodyByteCount: Int64(message.bodyByteCount))
    }

    /// Appends the mark of the stream's end.
    mutating func appendEnd() {
        output.append(ArrowFormat.continuation)
        output.append(UInt32(0))
    }

    /// Appends what follows a file's stream: the footer, its size, and what ends a file.
    mutating func appendFooter(_ footer: [UInt8]) {
        output.append(footer)
        output.append(UInt32(footer.count))
        output.append(ArrowFileFormat.magic)
    }

    /// Hands over what has been written since the last call.
    mutating func takeBytes() -> ArrowBuffer {
        takenByteCount += output.byteCount
        return output.take()
    }
}
