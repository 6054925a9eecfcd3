public import MarbleArrow
public import NIOCore

/// Turns record batches into the messages of one `DoGet`, `DoPut` or `DoExchange` stream.
///
/// ```swift
/// var encoder = FlightBatchEncoder(schema: batch.schema)
/// stream.send(encoder.begin())
/// stream.send(contentsOf: try encoder.encode(batch))
/// ```
///
/// In a service's async methods and on a client, ``FlightBatchWriter`` sends them, too.
public struct FlightBatchEncoder: Sendable {
    /// What every batch must look like.
    public let schema: ArrowSchema
    private var encoder: ArrowBatchEncoder

    /// Begins a stream of batches.
    /// - Parameters:
    ///   - schema: What every batch must look like.
    ///   - compression: How the batches' buffers are compressed, each where it becomes smaller. The
    ///     reader must know it, as pyarrow does.
    public init(schema: ArrowSchema, compression: ArrowCompression = .none) {
        self.schema = schema
        encoder = ArrowBatchEncoder(schema: schema, compression: compression)
    }

    /// The stream's first message: its schema, and on `DoPut` and `DoExchange` what it is about.
    public func begin(descriptor: FlightDescriptor? = nil) -> FlightData {
        FlightData(
            descriptor: descriptor,
            dataHeader: ByteBuffer(bytes: ArrowIPC.encodeSchema(encoder.schema)))
    }

    /// A batch's messages, in order: dictionaries that are new in it, and its rows. Buffers are copied
    /// once, behind each other.
    /// - Parameters:
    ///   - batch: A batch of the stream's schema.
    ///   - appMetadata: The application's bytes, which go with the rows.
    /// - Throws: `invalidArgument` if the batch's columns aren't those of the schema.
    public mutating func encode(
        _ batch: ArrowRecordBatch, appMetadata: ByteBuffer? = nil
    ) throws(FlightError) -> [FlightData] {
        guard batch.schema.hasSameFields(as: schema) else {
            throw FlightError(
                .invalidArgument,
                "a batch of \(batch.schema) can't be sent on a stream of \(schema)")
        }
        var messages = encoder.encode(batch).map { FlightData($0) }
        messages[messages.count - 1].metadata = appMetadata
        return messages
    }
}

extension FlightData {
    fileprivate init(_ encoded: ArrowEncodedRecordBatch) {
        var body = ByteBufferAllocator().buffer(capacity: encoded.bodyByteCount)
        for segment in encoded.segments {
            segment.withUnsafeBytes { _ = body.writeBytes($0) }
        }
        self.init(dataHeader: ByteBuffer(bytes: encoded.header), dataBody: body)
    }
}
