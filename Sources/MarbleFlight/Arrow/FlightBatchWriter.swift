public import MarbleArrow
public import NIOCore

/// Sends record batches on one stream: what ``FlightWriter/begin(_:descriptor:compression:)`` makes.
public struct FlightBatchWriter: Sendable {
    private let writer: FlightWriter<FlightData>
    private var encoder: FlightBatchEncoder

    init(_ writer: FlightWriter<FlightData>, encoder: FlightBatchEncoder) {
        self.writer = writer
        self.encoder = encoder
    }

    /// What every batch must look like.
    public var schema: ArrowSchema { encoder.schema }

    /// Sends a batch; suspends while the peer or the network is too slow to take more.
    /// - Parameters:
    ///   - batch: A batch of ``schema``.
    ///   - appMetadata: Bytes whose meaning is the application's, to go with the batch.
    /// - Throws: `invalidArgument` if the batch's columns aren't those of the schema, and what
    ///   ``FlightWriter/write(_:)`` throws.
    public mutating func write(
        _ batch: ArrowRecordBatch, appMetadata: ByteBuffer? = nil
    ) async throws(FlightError) {
        try await writer.write(contentsOf: try encoder.encode(batch, appMetadata: appMetadata))
    }
}

extension FlightWriter<FlightData> {
    /// Begins a stream of record batches by sending their schema.
    /// - Parameters:
    ///   - schema: What every batch looks like.
    ///   - descriptor: What the stream is about: for a client's `DoPut` and `DoExchange`.
    ///   - compression: How the batches' buffers are compressed, each where it becomes smaller. The peer
    ///     must know it, as pyarrow does.
    public func begin(
        _ schema: ArrowSchema, descriptor: FlightDescriptor? = nil,
        compression: ArrowCompression = .none
    ) async throws(FlightError) -> FlightBatchWriter {
        let encoder = FlightBatchEncoder(schema: schema, compression: compression)
        try await write(encoder.begin(descriptor: descriptor))
        return FlightBatchWriter(self, encoder: encoder)
    }
}
