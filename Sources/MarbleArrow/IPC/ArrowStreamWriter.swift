/// Writes record batches in the IPC stream format: the schema, the batches, and the end.
///
/// Bytes gather here until `takeBytes` hands them over; take them after each batch to keep little.
public struct ArrowStreamWriter {
    /// What every batch must look like.
    public let schema: ArrowSchema
    /// How the batches' buffers are compressed.
    public let compression: ArrowCompression
    private var bytes: [UInt8]
    private var encoder: ArrowBatchEncoder

    /// Begins a stream.
    public init(schema: ArrowSchema, compression: ArrowCompression = .none) {
        self.schema = schema
        self.compression = compression
        encoder = ArrowBatchEncoder(schema: schema, compression: compression)
        bytes = ArrowIPC.encodeEncapsulatedSchema(encoder.schema)
    }

    /// Appends a batch, and before it the dictionaries that are new in it. Throws `invalidArgument`
    /// if its columns are not those of the stream's schema.
    public mutating func write(_ batch: ArrowRecordBatch) throws(ArrowError) {
        guard batch.schema.hasSameFields(as: schema) else {
            throw ArrowError(
                .invalidArgument,
                "a batch of \(batch.schema) can't be written to a stream of \(schema)")
        }
        for encoded in encoder.encode(batch) {
            bytes.append(contentsOf: ArrowIPC.encapsulate(encoded.header))
            for segment in encoded.segments {
                segment.withUnsafeBytes { bytes.append(contentsOf: $0) }
            }
        }
    }

    /// Appends the mark of the stream's end.
    public mutating func finish() {
        withUnsafeBytes(of: ArrowFormat.continuation.littleEndian) {
            bytes.append(contentsOf: $0)
        }
        bytes.append(contentsOf: repeatElement(0, count: 4))
    }

    /// Hands over what has been written since the last call.
    public mutating func takeBytes() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}
