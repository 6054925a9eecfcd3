/// Writes record batches in the IPC file format: what `ArrowStreamWriter` writes, and a footer that
/// says where each batch lies.
///
/// Bytes gather here until `takeBytes` hands them over; take them after each batch to keep little.
/// Until then a batch's large buffers are kept, not copied.
/// Call `finish` at the end: without its footer a file can't be read.
public struct ArrowFileWriter {
    private var writer: ArrowMessageWriter
    private var footer: ArrowFileFooter
    private var writtenDictionaries: Set<Int64> = []
    private var isFinished = false

    /// Begins a file. `metadata` is the file's own and stands in its footer.
    public init(
        schema: ArrowSchema, compression: ArrowCompression = .none, metadata: ArrowMetadata = [:]
    ) {
        let padding = ArrowFileFormat.headByteCount - ArrowFileFormat.magic.count
        writer = ArrowMessageWriter(
            schema: schema, compression: compression,
            head: ArrowFileFormat.magic + [UInt8](repeating: 0, count: padding))
        footer = ArrowFileFooter(schema: writer.writtenSchema, metadata: metadata)
    }

    /// What every batch must look like.
    public var schema: ArrowSchema {
        writer.schema
    }

    /// How the batches' buffers are compressed.
    public var compression: ArrowCompression {
        writer.compression
    }

    /// Appends a batch, and before it the dictionaries that are new in it.
    ///
    /// Throws `invalidArgument` if its columns are not those of the file's schema, if the file is
    /// finished, or if a dictionary has other values than before, rather than more of them: a file
    /// holds only one dictionary a column.
    public mutating func write(_ batch: ArrowRecordBatch) throws(ArrowError) {
        guard !isFinished else {
            throw ArrowError(.invalidArgument, "the Arrow IPC file is finished; begin another one")
        }
        let messages = try writer.messages(of: batch)
        for message in messages.dropLast() { try note(message) }
        for message in messages.dropLast() { footer.dictionaries.append(writer.append(message)) }
        if let message = messages.last { footer.recordBatches.append(writer.append(message)) }
    }

    private mutating func note(_ message: ArrowEncodedRecordBatch) throws(ArrowError) {
        let header = try ArrowIPC.decodeMessage(header: ArrowBuffer(message.header))
        guard case .dictionaryBatch(let dictionary) = header else { return }
        let isFirst = writtenDictionaries.insert(dictionary.id).inserted
        guard isFirst || dictionary.isDelta else {
            throw ArrowError(
                .invalidArgument,
                "a dictionary column has other values than in earlier batches, which a file can't "
                    + "hold; give all batches the same dictionary, or write a stream")
        }
    }

    /// Appends the footer. Does nothing if it has been called before.
    public mutating func finish() {
        if isFinished { return }
        isFinished = true
        writer.appendEnd()
        writer.appendFooter(footer.encode())
    }

    /// Hands over what has been written since the last call.
    public mutating func takeBytes() -> ArrowBuffer {
        writer.takeBytes()
    }
}
