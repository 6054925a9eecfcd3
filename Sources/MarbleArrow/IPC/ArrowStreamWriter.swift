/// Writes record batches in the IPC stream format: the schema, the batches, and the end.
///
/// Bytes gather here until `takeBytes` hands them over; take them after each batch to keep little.
/// Until then a batch's large buffers are kept, not copied.
public struct ArrowStreamWriter {
    private var writer: ArrowMessageWriter

    /// Begins a stream.
    public init(schema: ArrowSchema, compression: ArrowCompression = .none) {
        writer = ArrowMessageWriter(schema: schema, compression: compression)
    }

    /// What every batch must look like.
    public var schema: ArrowSchema {
        writer.schema
    }

    /// How the batches' buffers are compressed.
    public var compression: ArrowCompression {
        writer.compression
    }

    /// Appends a batch, and before it the dictionaries that are new in it. Throws `invalidArgument`
    /// if its columns are not those of the stream's schema.
    public mutating func write(_ batch: ArrowRecordBatch) throws(ArrowError) {
        for message in try writer.messages(of: batch) { writer.append(message) }
    }

    /// Appends the mark of the stream's end.
    public mutating func finish() {
        writer.appendEnd()
    }

    /// Hands over what has been written since the last call.
    public mutating func takeBytes() -> ArrowBuffer {
        writer.takeBytes()
    }
}
