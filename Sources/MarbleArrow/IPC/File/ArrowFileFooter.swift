/// What stands at the end of a file: its schema, and where its batches lie.
struct ArrowFileFooter {
    var schema: ArrowSchema
    var dictionaries: [ArrowFileBlock] = []
    var recordBatches: [ArrowFileBlock] = []
    var metadata: ArrowMetadata = [:]

    init(schema: ArrowSchema, metadata: ArrowMetadata) {
        self.schema = schema
        self.metadata = metadata
    }

    /// Finds and reads the footer of a file, and checks that its blocks lie in front of it.
    init(of file: ArrowBuffer) throws(ArrowError) {
        typealias Format = ArrowFileFormat
        let magic = Format.magic
        guard file.count >= Format.headByteCount + Format.tailByteCount,
            file.starts(with: magic, at: 0)
        else {
            throw ArrowError(
                .malformed,
                "this is no Arrow IPC file: it doesn't begin with ARROW1; an IPC stream is read by "
                    + "ArrowStreamReader")
        }
        guard file.starts(with: magic, at: file.count - magic.count) else {
            throw ArrowError(
                .malformed,
                "the Arrow IPC file doesn't end with ARROW1: it is cut off, or was not finished")
        }
        let tail = file.slice(
            offset: file.count - Format.tailByteCount, count: Format.tailByteCount)
        let byteCount = Int(tail.load(Int32.self, at: 0))
        let bound = file.count - Format.headByteCount - Format.tailByteCount
        guard byteCount >= 0 && byteCount <= bound else {
            throw ArrowError(
                .malformed,
                "the Arrow IPC file claims a footer of \(byteCount) bytes, but has \(bound)")
        }
        let start = file.count - Format.tailByteCount - byteCount
        let footer = file.slice(offset: start, count: byteCount)
        defer { withExtendedLifetime(footer.owner) {} }
        let table = try FlatBufferTable.root(
            of: UnsafeRawBufferPointer(start: footer.base, count: footer.count))
        let version = try table.number(Format.FooterSlot.version, default: Int16(0))
        guard version == ArrowFormat.version5 || version == ArrowFormat.version4 else {
            throw ArrowIPC.unsupportedVersion(version)
        }
        guard let schema = try table.table(Format.FooterSlot.schema) else {
            throw ArrowError(.malformed, "the Arrow IPC file's footer has no schema")
        }
        self.schema = try SchemaDecoder.decode(schema)
        metadata = try SchemaDecoder.metadata(of: table, Format.FooterSlot.metadata)
        dictionaries = try Self.blocks(table, Format.FooterSlot.dictionaries, end: start)
        recordBatches = try Self.blocks(table, Format.FooterSlot.recordBatches, end: start)
    }

    private static func blocks(
        _ table: FlatBufferTable, _ slot: Int, end: Int
    ) throws(ArrowError) -> [ArrowFileBlock] {
        let vector = try table.vector(slot, elementByteCount: ArrowFileFormat.blockByteCount)
        var blocks: [ArrowFileBlock] = []
        blocks.reserveCapacity(vector.count)
        for index in 0..<vector.count {
            let position = vector.position + index * ArrowFileFormat.blockByteCount
            let bytes = table.bytes
            let block = ArrowFileBlock(
                offset: try FlatBufferTable.read(Int64.self, bytes, at: position),
                metadataByteCount: try FlatBufferTable.read(Int32.self, bytes, at: position + 8),
                bodyByteCount: try FlatBufferTable.read(Int64.self, bytes, at: position + 16))
            let room = Int64(end) - Int64(block.metadataByteCount)
            guard
                block.metadataByteCount >= 0 && block.bodyByteCount >= 0
                    && block.bodyByteCount <= room && block.offset >= 0
                    && block.offset <= room - block.bodyByteCount
            else {
                throw ArrowError(
                    .malformed,
                    "the Arrow IPC file's footer says that a message of "
                        + "\(block.metadataByteCount) and \(block.bodyByteCount) bytes lies at "
                        + "\(block.offset), which is not inside of the file")
            }
            blocks.append(block)
        }
        return blocks
    }

    /// The footer's bytes, the size and the magic behind it not among them.
    func encode() -> [UInt8] {
        typealias Slot = ArrowFileFormat.FooterSlot
        var builder = FlatBufferBuilder()
        let metadata = ArrowIPC.encode(metadata, &builder)
        let batches = builder.vector(blocks: recordBatches)
        let dictionaries = builder.vector(blocks: dictionaries)
        let schema = ArrowIPC.encode(schema, &builder)
        let footer = builder.table { builder in
            builder.add(Slot.schema, schema)
            builder.add(Slot.dictionaries, dictionaries)
            builder.add(Slot.recordBatches, batches)
            if let metadata { builder.add(Slot.metadata, metadata) }
            builder.add(Slot.version, ArrowFormat.version5)
        }
        return builder.finish(root: footer)
    }
}

extension ArrowBuffer {
    /// Whether these bytes lie at an offset.
    func starts(with bytes: [UInt8], at offset: Int) -> Bool {
        guard offset >= 0 && offset <= count - bytes.count else { return false }
        return slice(offset: offset, count: bytes.count).withUnsafeBytes {
            $0.elementsEqual(bytes)
        }
    }
}
