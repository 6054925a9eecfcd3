/// Writes the metadata of a record batch or a dictionary batch with any of its parts: what
/// `RecordBatchHeaderEncoder` doesn't, because the messages of the hot path have no compression,
/// views or dictionaries.
struct RecordBatchMetadata {
    /// What makes the batch one of a dictionary's values.
    struct Dictionary {
        var id: Int64
        var isDelta: Bool
    }

    /// V4 if unions have a validity bitmap among their buffers.
    var version = ArrowFormat.version5
    var rowCount: Int
    /// The columns' lengths, nested ones depth first.
    var nodes: [(length: Int64, nullCount: Int64)]
    /// Where each buffer lies in the body.
    var buffers: [(offset: Int, byteCount: Int)]
    /// How many buffers each view column points to.
    var variadicCounts: [Int64]
    var bodyByteCount: Int
    var codec: ArrowCompressionCodec?
    var dictionary: Dictionary?

    /// The metadata of a batch whose buffers lie elsewhere than before.
    init(
        header: RecordBatchHeader, buffers: [(offset: Int, byteCount: Int)], bodyByteCount: Int,
        codec: ArrowCompressionCodec?, dictionary: Dictionary? = nil
    ) {
        if header.hasUnionValidity { version = ArrowFormat.version4 }
        rowCount = header.rowCount
        nodes = (0..<header.nodeCount).map(header.node)
        self.buffers = buffers
        variadicCounts = (0..<header.variadicCount).map(header.variadicBufferCount)
        self.bodyByteCount = bodyByteCount
        self.codec = codec
        self.dictionary = dictionary
    }

    /// The metadata of what was collected; where it lies in the body is still to be said.
    init(_ collector: RecordBatchCollector, rowCount: Int, dictionary: Dictionary?) {
        self.rowCount = rowCount
        nodes = collector.nodes.map { (Int64($0.length), Int64($0.nullCount)) }
        buffers = []
        variadicCounts = collector.variadicCounts.map { Int64($0) }
        bodyByteCount = 0
        self.dictionary = dictionary
    }

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
        let variadicVector = variadicCounts.isEmpty ? nil : builder.vector(numbers: variadicCounts)
        let bufferVector = builder.vector(ofPairs: buffers.map { (Int64($0), Int64($1)) })
        let nodeVector = builder.vector(ofPairs: nodes)
        var content = builder.table { builder in
            builder.add(Slot.length, Int64(rowCount))
            builder.add(Slot.nodes, nodeVector)
            builder.add(Slot.buffers, bufferVector)
            if let compression { builder.add(Slot.compression, compression) }
            if let variadicVector { builder.add(Slot.variadicBufferCounts, variadicVector) }
        }
        if let dictionary {
            let values = content
            content = builder.table { builder in
                builder.add(ArrowFormat.DictionaryBatchSlot.id, dictionary.id)
                builder.add(ArrowFormat.DictionaryBatchSlot.data, values)
                builder.add(
                    ArrowFormat.DictionaryBatchSlot.isDelta, UInt8(dictionary.isDelta ? 1 : 0))
            }
        }
        let kind =
            dictionary == nil
            ? ArrowFormat.Header.recordBatch : ArrowFormat.Header.dictionaryBatch
        let message = builder.table { builder in
            builder.add(ArrowFormat.MessageSlot.bodyLength, Int64(bodyByteCount))
            builder.add(ArrowFormat.MessageSlot.header, content)
            builder.add(ArrowFormat.MessageSlot.version, version)
            builder.add(ArrowFormat.MessageSlot.headerKind, kind)
        }
        return builder.finish(root: message)
    }
}
