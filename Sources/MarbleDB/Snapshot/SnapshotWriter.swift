import MarbleArrow
import MarbleCluster
import MarbleRaft
import MarbleStore
import NIOCore

/// A database's state as of one entry; shares its memory with the database.
struct DatabaseCapture: RaftSnapshotCapture {
    struct CapturedTable: Sendable {
        var table: Table
        var rows: TableCapture
    }

    var index: RaftIndex
    var tables: [CapturedTable]
    var sessions: SessionTable
    var scanLimit: ScanBatchLimit

    func write(to sink: (ByteBuffer) throws -> Void) throws {
        var header = ByteBuffer()
        header.writeMultipleIntegers(
            SnapshotFormat.magic, SnapshotFormat.version, UInt32(tables.count), index,
            UInt64(sessions.sessions.count), endianness: .little)
        try Self.write(.header, header, to: sink)
        var rowCount = 0
        for table in tables {
            try write(table, to: sink)
            rowCount += table.rows.rowCount
        }
        try writeSessions(to: sink)
        var end = ByteBuffer()
        end.writeInteger(UInt64(rowCount), endianness: .little)
        try Self.write(.end, end, to: sink)
    }

    private func write(
        _ captured: CapturedTable, to sink: (ByteBuffer) throws -> Void
    ) throws {
        let table = captured.table
        var record = ByteBuffer()
        record.writeMultipleIntegers(
            table.id, captured.rows.version, UInt64(captured.rows.rowCount), endianness: .little)
        record.writeText(table.name)
        record.writeInteger(UInt16(table.primaryKey.count), endianness: .little)
        for column in table.primaryKey { record.writeText(column) }
        record.writeInteger(UInt32(table.schemaMessage.readableBytes), endianness: .little)
        record.writeImmutableBuffer(table.schemaMessage)
        try Self.write(.table, record, to: sink)

        var scan = StoreScan(
            captured.rows, schema: table.schema, columns: nil, order: .stored, offset: 0,
            rowCountMax: nil, limit: scanLimit)
        while let batch = try scan.next() { try write(batch, to: sink) }
    }

    private func write(
        _ batch: ArrowRecordBatch, to sink: (ByteBuffer) throws -> Void
    ) throws {
        let encoded = ArrowIPC.encodeRecordBatch(batch)
        var record = ByteBufferAllocator().buffer(
            capacity: encoded.header.count + encoded.bodyByteCount + 32)
        record.writeMultipleIntegers(
            UInt32(batch.rowCount), UInt32(encoded.header.count), endianness: .little)
        record.writeBytes(encoded.header)
        record.writeRepeatingByte(0, count: CommandFormat.padding(after: encoded.header.count))
        for segment in encoded.segments {
            segment.withUnsafeBytes { _ = record.writeBytes($0) }
        }
        try Self.write(.rows, record, to: sink)
    }

    private func writeSessions(to sink: (ByteBuffer) throws -> Void) throws {
        var record = ByteBuffer()
        for (name, session) in sessions.sortedByName {
            record.writeText(name)
            record.writeMultipleIntegers(
                session.usedIndex, session.forgottenBelow, UInt32(session.outcomes.count),
                endianness: .little)
            for remembered in session.outcomes {
                record.writeInteger(remembered.sequence, endianness: .little)
                remembered.outcome.write(to: &record)
            }
            if record.readableBytes >= SnapshotFormat.sessionsByteCount {
                try Self.write(.sessions, record, to: sink)
                record.clear()
            }
        }
        if record.readableBytes > 0 { try Self.write(.sessions, record, to: sink) }
    }

    /// Cuts a record into chunks.
    private static func write(
        _ kind: SnapshotFormat.Record, _ record: ByteBuffer,
        to sink: (ByteBuffer) throws -> Void
    ) throws {
        var rest = record
        repeat {
            let room = SnapshotFormat.chunkByteCountMax - SnapshotFormat.chunkPrefixByteCount
            let part = rest.readSlice(length: min(room, rest.readableBytes)) ?? ByteBuffer()
            var chunk = ByteBufferAllocator().buffer(
                capacity: part.readableBytes + SnapshotFormat.chunkPrefixByteCount)
            chunk.writeMultipleIntegers(
                kind.rawValue, UInt8(rest.readableBytes > 0 ? 1 : 0), UInt16(0), UInt32(0),
                endianness: .little)
            chunk.writeImmutableBuffer(part)
            try sink(chunk)
        } while rest.readableBytes > 0
    }
}

extension ByteBuffer {
    /// A text of at most 65,535 bytes behind its byte count.
    fileprivate mutating func writeText(_ text: String) {
        writeInteger(UInt16(text.utf8.count), endianness: .little)
        writeString(text)
    }
}
