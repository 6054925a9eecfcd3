/// The metadata of an IPC message, as it stands in `FlightData.data_header` or in a stream.
public enum ArrowMessage: Sendable {
    /// The first message of a stream.
    case schema(ArrowSchema)
    /// Rows; their values are in the message's body.
    case recordBatch(RecordBatchHeader)

    /// How many bytes of body follow the metadata in a stream.
    public var bodyByteCount: Int {
        switch self {
        case .schema: 0
        case .recordBatch(let header): header.bodyByteCount
        }
    }
}

/// The metadata of a record batch, read in place: where each column's buffers lie in the body.
public struct RecordBatchHeader: Sendable {
    /// How many rows the batch claims to have, from 0 to `ArrowLimits.rowCountMax`.
    public let rowCount: Int
    /// How many bytes the body claims to have, at least 0.
    public let bodyByteCount: Int
    /// How many columns the batch has.
    public let nodeCount: Int
    /// How many buffers the batch has.
    public let bufferCount: Int

    /// What each of the buffers is compressed with; nil if they are not.
    public let compression: ArrowCompressionCodec?

    /// The message's metadata, as it was read.
    public let metadata: ArrowBuffer
    let nodesPosition: Int
    let buffersPosition: Int

    /// The lengths of the `index`-th column. `index` is below `nodeCount`.
    @inline(__always)
    func node(_ index: Int) -> (length: Int64, nullCount: Int64) {
        pair(nodesPosition + index * ArrowFormat.nodeByteCount)
    }

    /// Where the `index`-th buffer claims to lie in the body. `index` is below `bufferCount`.
    @inline(__always)
    func buffer(_ index: Int) -> (offset: Int64, byteCount: Int64) {
        pair(buffersPosition + index * ArrowFormat.bufferByteCount)
    }

    /// The vectors were checked to lie inside the metadata when the header was read.
    @inline(__always)
    private func pair(_ position: Int) -> (Int64, Int64) {
        defer { withExtendedLifetime(metadata.owner) {} }
        let base = metadata.base + position
        return (
            Int64(littleEndian: base.loadUnaligned(as: Int64.self)),
            Int64(littleEndian: base.loadUnaligned(fromByteOffset: 8, as: Int64.self))
        )
    }
}
