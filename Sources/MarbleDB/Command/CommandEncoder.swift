import NIOCore

/// Writes commands. The caller has checked that counts fit into their fields.
enum CommandEncoder {
    /// One copy of the client's bytes, into one buffer.
    static func write(
        operation: CommandOperation, layout: BatchLayout, tableID: UInt64, options: WriteOptions,
        rowCount: Int, header: ByteBuffer, body: ByteBuffer
    ) -> ByteBuffer {
        let textByteCount = options.session?.utf8.count ?? 0
        var buffer = prefix(
            operation: operation, layout: layout.rawValue, tableID: tableID,
            sequence: options.sequence, rowCount: rowCount,
            headerByteCount: header.readableBytes, textByteCount: textByteCount,
            bodyByteCount: body.readableBytes)
        if let session = options.session {
            buffer.writeString(session)
            pad(&buffer, after: textByteCount)
        }
        buffer.writeImmutableBuffer(header)
        pad(&buffer, after: header.readableBytes)
        buffer.writeImmutableBuffer(body)
        return buffer
    }

    static func createTable(_ definition: TableDefinition, ifNotExists: Bool) -> ByteBuffer {
        var text = ByteBuffer()
        writeText(definition.name, to: &text)
        text.writeInteger(UInt16(definition.primaryKey.count), endianness: .little)
        for column in definition.primaryKey { writeText(column, to: &text) }
        var buffer = prefix(
            operation: .createTable, layout: ifNotExists ? CommandFormat.ifNotExistsFlag : 0,
            tableID: 0, sequence: 0, rowCount: 0,
            headerByteCount: definition.schemaMessage.readableBytes,
            textByteCount: text.readableBytes, bodyByteCount: 0)
        buffer.writeImmutableBuffer(text)
        pad(&buffer, after: text.readableBytes)
        buffer.writeImmutableBuffer(definition.schemaMessage)
        pad(&buffer, after: definition.schemaMessage.readableBytes)
        return buffer
    }

    static func dropTable(name: String) -> ByteBuffer {
        var buffer = prefix(
            operation: .dropTable, layout: 0, tableID: 0, sequence: 0, rowCount: 0,
            headerByteCount: 0, textByteCount: name.utf8.count, bodyByteCount: 0)
        buffer.writeString(name)
        pad(&buffer, after: name.utf8.count)
        return buffer
    }

    private static func prefix(
        operation: CommandOperation, layout: UInt8, tableID: UInt64, sequence: UInt64,
        rowCount: Int, headerByteCount: Int, textByteCount: Int, bodyByteCount: Int
    ) -> ByteBuffer {
        let capacity =
            CommandFormat.prefixByteCount + textByteCount + headerByteCount + bodyByteCount
            + 2 * CommandFormat.alignment
        var buffer = ByteBufferAllocator().buffer(capacity: capacity)
        buffer.writeMultipleIntegers(
            CommandFormat.version, operation.rawValue, layout, UInt8(0), UInt32(headerByteCount),
            tableID, sequence, UInt32(rowCount), UInt32(textByteCount), endianness: .little)
        return buffer
    }

    private static func pad(_ buffer: inout ByteBuffer, after byteCount: Int) {
        buffer.writeRepeatingByte(0, count: CommandFormat.padding(after: byteCount))
    }

    private static func writeText(_ text: String, to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt16(text.utf8.count), endianness: .little)
        buffer.writeString(text)
    }
}
