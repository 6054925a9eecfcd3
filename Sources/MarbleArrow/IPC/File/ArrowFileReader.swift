/// Reads the IPC file format: batches in any order, as views of the file's bytes.
///
/// The footer and dictionaries are read and checked at once, a batch when it is asked for. A copy of the reader may be
/// used by another thread at the same time.
public struct ArrowFileReader: Sendable {
    /// The columns of every batch.
    public let schema: ArrowSchema
    /// Keys and values that accompany the file; the schema has its own.
    public let metadata: ArrowMetadata

    private let file: ArrowBuffer
    private let blocks: [ArrowFileBlock]
    private let validation: ArrowValidation
    private let uncompressedByteCountMax: Int
    private var dictionaries = ArrowDictionaries()

    /// Reads the footer and the dictionaries of a file in memory.
    ///
    /// - Parameters:
    ///   - file: the file's bytes.
    ///   - validation: how closely batches are looked at.
    ///   - uncompressedByteCountMax: a compressed batch that would have more bytes when it is
    ///     decompressed is refused with `limitExceeded`.
    /// - Throws: `malformed` if this is no complete file or if the footer or a dictionary is damaged,
    ///   and whatever `ArrowIPC.decodeMessage` throws about a schema.
    public init(
        _ file: ArrowBuffer, validation: ArrowValidation = .full,
        uncompressedByteCountMax: Int = ArrowLimits.uncompressedByteCountMax
    ) throws(ArrowError) {
        let footer = try ArrowFileFooter(of: file)
        schema = footer.schema
        metadata = footer.metadata
        blocks = footer.recordBatches
        self.file = file
        self.validation = validation
        self.uncompressedByteCountMax = uncompressedByteCountMax
        try readDictionaries(footer.dictionaries)
    }

    private mutating func readDictionaries(_ blocks: [ArrowFileBlock]) throws(ArrowError) {
        var read: Set<Int64> = []
        for block in blocks {
            guard case .dictionaryBatch(let header) = try message(of: block) else {
                throw ArrowError(
                    .malformed, "a dictionary of the Arrow IPC file is a message of another kind")
            }
            guard read.insert(header.id).inserted || header.isDelta else {
                throw ArrowError(
                    .malformed,
                    "the Arrow IPC file has two dictionaries of the number \(header.id)")
            }
            try dictionaries.read(
                header, body: body(of: block), schema: schema, validation: validation,
                uncompressedByteCountMax: uncompressedByteCountMax)
        }
        try dictionaries.settle()
    }

    /// Maps a file into memory and reads its footer: see `ArrowBuffer(mappingFileAt:)`, which says
    /// what that means, and the initializer for files in memory.
    public init(
        path: String, validation: ArrowValidation = .full,
        uncompressedByteCountMax: Int = ArrowLimits.uncompressedByteCountMax
    ) throws(ArrowError) {
        try self.init(
            ArrowBuffer(mappingFileAt: path), validation: validation,
            uncompressedByteCountMax: uncompressedByteCountMax)
    }

    /// How many batches there are.
    public var batchCount: Int {
        blocks.count
    }

    /// The batch at an index. Its columns are views of the file, unless it is compressed.
    ///
    /// Traps if there is no such batch. Throws `malformed` if it is damaged or not of the file's
    /// schema, and `limitExceeded`.
    public func batch(at index: Int) throws(ArrowError) -> ArrowRecordBatch {
        precondition(index >= 0 && index < blocks.count, "batch \(index) of \(blocks.count)")
        let block = blocks[index]
        guard case .recordBatch(let header) = try message(of: block) else {
            throw ArrowError(
                .malformed, "batch \(index) of the Arrow IPC file is a message of another kind")
        }
        guard schema.hasDictionaries else {
            return try ArrowIPC.decodeRecordBatch(
                header: header, body: body(of: block), schema: schema, validation: validation,
                uncompressedByteCountMax: uncompressedByteCountMax)
        }
        var dictionaries = dictionaries
        return try ArrowIPC.decodeRecordBatch(
            header: header, body: body(of: block), schema: schema, dictionaries: &dictionaries,
            validation: validation, uncompressedByteCountMax: uncompressedByteCountMax)
    }

    /// All batches in the order of the file. Throws as `batch(at:)` does.
    public func batches() throws(ArrowError) -> [ArrowRecordBatch] {
        var batches: [ArrowRecordBatch] = []
        batches.reserveCapacity(blocks.count)
        for index in blocks.indices { batches.append(try batch(at: index)) }
        return batches
    }

    /// Blocks were checked to lie in the file when the footer was read.
    private func message(of block: ArrowFileBlock) throws(ArrowError) -> ArrowMessage {
        let bytes = file.slice(
            offset: Int(block.offset), count: Int(block.metadataByteCount))
        let hasMarker =
            bytes.count >= 4 && bytes.load(UInt32.self, at: 0) == ArrowFormat.continuation
        let prefixByteCount = hasMarker ? ArrowFormat.prefixByteCount : 4
        guard bytes.count >= prefixByteCount else { throw damaged(block) }
        let size = Int(bytes.load(Int32.self, at: hasMarker ? 1 : 0))
        guard size >= 0 && size <= bytes.count - prefixByteCount else { throw damaged(block) }
        return try ArrowIPC.decodeMessage(
            header: bytes.slice(offset: prefixByteCount, count: size))
    }

    private func body(of block: ArrowFileBlock) -> ArrowBuffer {
        file.slice(
            offset: Int(block.offset) + Int(block.metadataByteCount),
            count: Int(block.bodyByteCount))
    }

    private func damaged(_ block: ArrowFileBlock) -> ArrowError {
        ArrowError(
            .malformed,
            "the Arrow IPC file has no message at \(block.offset), where its footer says that one "
                + "is; it is damaged")
    }
}
