import MarbleArrow
import MarbleFlight
import NIOCore

/// Reads commands. Whatever the bytes are, it reads them or throws; a write's Arrow data is not
/// looked at.
enum CommandDecoder {
    /// The fixed fields at the beginning, and where what follows them lies.
    struct Prefix {
        var operation: CommandOperation
        var layout: UInt8
        var tableID: UInt64
        var sequence: UInt64
        var rowCount: Int
        var text: Range<Int>
        var header: Range<Int>
        var body: Range<Int>
    }

    static func decode(_ payload: ByteBuffer) throws(DatabaseError) -> Command {
        let bytes = ArrowBuffer(payload)
        let prefix = try prefix(of: bytes)
        switch prefix.operation {
        case .upsert, .insert, .delete: return .write(try write(prefix, bytes))
        case .createTable: return .createTable(try createTable(prefix, payload))
        case .dropTable: return .dropTable(name: try text(bytes, prefix.text))
        }
    }

    static func prefix(of bytes: ArrowBuffer) throws(DatabaseError) -> Prefix {
        guard bytes.count >= CommandFormat.prefixByteCount else {
            throw damaged("it has only \(bytes.count) bytes")
        }
        let version = bytes[CommandFormat.versionOffset]
        guard version == CommandFormat.version else {
            throw DatabaseError(
                .unimplemented,
                "a command is of format version \(version), this node reads version "
                    + "\(CommandFormat.version); upgrade all nodes")
        }
        guard let operation = CommandOperation(rawValue: bytes[CommandFormat.operationOffset])
        else {
            throw damaged("its operation \(bytes[CommandFormat.operationOffset]) is unknown")
        }
        let textByteCount = Int(load(bytes, CommandFormat.textByteCountOffset, as: UInt32.self))
        let headerByteCount = Int(load(bytes, CommandFormat.headerByteCountOffset, as: UInt32.self))
        // Counts are below 2^32, so that these sums can't overflow.
        let textStart = CommandFormat.prefixByteCount
        let headerStart =
            textStart + textByteCount + CommandFormat.padding(after: textByteCount)
        let bodyStart =
            headerStart + headerByteCount + CommandFormat.padding(after: headerByteCount)
        guard bodyStart <= bytes.count else {
            throw damaged("its parts end at byte \(bodyStart) of \(bytes.count)")
        }
        return Prefix(
            operation: operation, layout: bytes[CommandFormat.layoutOffset],
            tableID: load(bytes, CommandFormat.tableIDOffset, as: UInt64.self),
            sequence: load(bytes, CommandFormat.sequenceOffset, as: UInt64.self),
            rowCount: Int(load(bytes, CommandFormat.rowCountOffset, as: UInt32.self)),
            text: textStart..<textStart + textByteCount,
            header: headerStart..<headerStart + headerByteCount, body: bodyStart..<bytes.count)
    }

    private static func write(
        _ prefix: Prefix, _ bytes: ArrowBuffer
    ) throws(DatabaseError) -> WriteCommand {
        guard let layout = BatchLayout(rawValue: prefix.layout) else {
            throw damaged("its layout \(prefix.layout) is unknown")
        }
        guard prefix.text.count <= CommandFormat.sessionByteCountMax else {
            throw damaged("its session's name has \(prefix.text.count) bytes")
        }
        return WriteCommand(
            operation: prefix.operation, layout: layout, tableID: prefix.tableID,
            session: prefix.text.isEmpty ? nil : try text(bytes, prefix.text),
            sequence: prefix.sequence, rowCount: prefix.rowCount,
            header: bytes.slice(offset: prefix.header.lowerBound, count: prefix.header.count),
            body: bytes.slice(offset: prefix.body.lowerBound, count: prefix.body.count))
    }

    private static func createTable(
        _ prefix: Prefix, _ payload: ByteBuffer
    ) throws(DatabaseError) -> CreateTableCommand {
        let start = payload.readerIndex
        guard
            var text = payload.getSlice(
                at: start + prefix.text.lowerBound, length: prefix.text.count),
            let schemaMessage = payload.getSlice(
                at: start + prefix.header.lowerBound, length: prefix.header.count)
        else { throw damaged("its parts lie outside of it") }
        let name = try readText(&text)
        guard let keyCount = text.readInteger(endianness: .little, as: UInt16.self) else {
            throw damaged("it ends before the primary key")
        }
        var primaryKey: [String] = []
        for _ in 0..<keyCount { primaryKey.append(try readText(&text)) }
        return CreateTableCommand(
            name: name, primaryKey: primaryKey,
            ifNotExists: prefix.layout & CommandFormat.ifNotExistsFlag != 0,
            schemaMessage: schemaMessage)
    }

    private static func readText(_ buffer: inout ByteBuffer) throws(DatabaseError) -> String {
        guard let count = buffer.readInteger(endianness: .little, as: UInt16.self),
            let slice = buffer.readSlice(length: Int(count)),
            let text = String(validating: slice.readableBytesView, as: UTF8.self)
        else { throw damaged("a name in it is cut off, or not UTF-8") }
        return text
    }

    private static func text(
        _ bytes: ArrowBuffer, _ range: Range<Int>
    ) throws(DatabaseError) -> String {
        let slice = bytes.slice(offset: range.lowerBound, count: range.count)
        let text = slice.withUnsafeBytes { String(validating: $0, as: UTF8.self) }
        guard let text else { throw damaged("a name in it is not UTF-8") }
        return text
    }

    private static func load<Number: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: ArrowBuffer, _ offset: Int, as type: Number.Type
    ) -> Number {
        bytes.load(type, at: offset / MemoryLayout<Number>.size)
    }

    private static func damaged(_ what: String) -> DatabaseError {
        DatabaseError(.dataLoss, "a command in the log is damaged: \(what)")
    }
}
