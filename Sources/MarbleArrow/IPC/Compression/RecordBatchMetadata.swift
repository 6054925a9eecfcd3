/// Writes the metadata of a record batch with any of its parts: what `RecordBatchHeaderEncoder`
/// doesn't, because the messages of the hot path have no compression.
struct RecordBatchMetadata {
    /// Says how many rows there are, and the columns' lengths.
    var header: RecordBatchHeader
    /// Where each buffer lies in the body.
    var buffers: [(offset: Int, byteCount: Int)]
    var bodyByteCount: Int
    var codec: ArrowCompressionCodec?

    /// The message: a FlatBuffer whose size is a multiple of 8.
    func encode() -> [UInt8] {
        typealias Slot = ArrowFormat.RecordBatchSlot
        var builder = FlatBufferBuilder()
        let compression = codec.map { codec in
            builder.table { builder in
                builder.add(ArrowFormat.CompressionSlot.codec, codec.rawValue)
                builder.add(ArrowFormat.CompressionSlot.method, ArrowFormat.compressedByBuffer)
            }
        }
        let bufferVector = builder.vector(ofPairs: buffers.map { (Int64($0), Int64($1)) })
        let nodeVector = builder.vector(ofPairs: (0..<header.nodeCount).map(header.node))
        let batch = builder.table { builder in
            builder.add(Slot.length, Int64(header.rowCount))
            builder.add(Slot.nodes, nodeVector)
            builder.add(Slot.buffers, bufferVector)
            if let compression { builder.add(Slot.compression, compression) }
        }
        let message = builder.table { builder in
            builder.add(ArrowFormat.MessageSlot.bodyLength, Int64(bodyByteCount))
            builder.add(ArrowFormat.MessageSlot.header, batch)
            builder.add(ArrowFormat.MessageSlot.version, ArrowFormat.version5)
            builder.add(ArrowFormat.MessageSlot.headerKind, ArrowFormat.Header.recordBatch)
        }
        return builder.finish(root: message)
    }
}
