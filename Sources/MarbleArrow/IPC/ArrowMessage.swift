/// The metadata of an IPC message, as it stands in `FlightData.data_header` or in a stream.
public enum ArrowMessage: Sendable {
    /// The first message of a stream.
    case schema(ArrowSchema)
    /// Rows; their values are in the message's body.
    case recordBatch(RecordBatchHeader)
    /// Values that later record batches number; they are in the message's body.
    case dictionaryBatch(DictionaryBatchHeader)

    /// How many bytes of body follow the metadata in a stream.
    public var bodyByteCount: Int {
        switch self {
        case .schema: 0
        case .recordBatch(let header): header.bodyByteCount
        case .dictionaryBatch(let header): header.values.bodyByteCount
        }
    }
}

/// The metadata of a dictionary batch.
public struct DictionaryBatchHeader: Sendable {
    /// What the schema calls the dictionary.
    public let id: Int64
    /// Whether the values are added to those that came before, rather than taking their place.
    public let isDelta: Bool
    /// The values: a record batch of one column.
    public let values: RecordBatchHeader
}

/// The metadata of a record batch, read in place: where each column's buffers lie in the body.
public struct RecordBatchHeader: Sendable {
    /// How many rows the batch claims to have, from 0 to `ArrowLimits.rowCountMax`.
    public let rowCount: Int
    /// How many bytes the body claims to have, at least 0.
    public let bodyByteCount: Int
    /// How many columns the batch has, nested ones included.
    public let nodeCount: Int
    /// How many buffers the batch has.
    public let bufferCount: Int

    /// What each of the buffers is compressed with; nil if they are not.
    public let compression: ArrowCompressionCodec?

    /// The message's metadata, as it was read.
    public let metadata: ArrowBuffer
    let nodesPosition: Int
    let buffersPosition: Int
    let variadicPosition: Int
    /// How many view columns say how many buffers they have.
    let variadicCount: Int
    /// Whether unions have a validity bitmap, as before version V5.
    let hasUnionValidity: Bool

    /// How many buffers the `index`-th view column points to. `index` is below `variadicCount`.
    func variadicBufferCount(_ index: Int) -> Int64 {
        defer { withExtendedLifetime(metadata.owner) {} }
        let position = variadicPosition + index * MemoryLayout<Int64>.size
        return Int64(
            littleEndian: metadata.base.loadUnaligned(fromByteOffset: position, as: Int64.self))
    }

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
