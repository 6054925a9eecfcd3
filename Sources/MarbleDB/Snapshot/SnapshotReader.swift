import MarbleArrow
import MarbleCluster
import MarbleFlight
import MarbleRaft
import MarbleStore
import NIOCore

/// Rebuilds a state from a snapshot's chunks. Whatever they are, it ends with a state or an error.
struct SnapshotReader {
    let configuration: DatabaseConfiguration
    let storeConfiguration: StoreConfiguration
    private(set) var catalog = Catalog()
    private(set) var sessions: SessionTable

    private var pending: SnapshotRecord?
    private var chunkCount = 0

    init(configuration: DatabaseConfiguration, storeConfiguration: StoreConfiguration) {
        self.configuration = configuration
        self.storeConfiguration = storeConfiguration
        sessions = SessionTable(configuration)
    }

    /// - Parameter index: the log index that the snapshot is said to cover.
    mutating func read(_ source: any RaftSnapshotSource, index: RaftIndex) throws {
        guard var header = try next(source), header.kind == .header else {
            throw damaged("it doesn't begin with a header")
        }
        guard try header.integer(UInt64.self) == SnapshotFormat.magic else {
            throw damaged("it isn't a MarbleDB snapshot")
        }
        let version = try header.integer(UInt32.self)
        guard version == SnapshotFormat.version else {
            throw DatabaseError(
                .unimplemented,
                "the snapshot is of format version \(version), this node reads version "
                    + "\(SnapshotFormat.version); upgrade this node")
        }
        let tableCount = try header.integer(UInt32.self)
        let capturedIndex = try header.integer(UInt64.self)
        let sessionCount = try header.integer(UInt64.self)
        try header.finish()
        guard capturedIndex <= index else {
            throw damaged(
                "it is of index \(capturedIndex), beyond the index \(index) it stands for")
        }
        var rowCount: UInt64 = 0
        for _ in 0..<tableCount { rowCount += try readTable(source, index: index) }
        try readSessions(source, count: sessionCount)
        guard var end = try next(source), end.kind == .end else {
            throw damaged("it has no end")
        }
        guard try end.integer(UInt64.self) == rowCount else {
            throw damaged("it has \(rowCount) rows, and says another number at its end")
        }
        try end.finish()
        guard try source.next() == nil else { throw damaged("something follows its end") }
    }

    private mutating func readTable(
        _ source: any RaftSnapshotSource, index: RaftIndex
    ) throws -> UInt64 {
        guard var record = try next(source), record.kind == .table else {
            throw damaged("a table is missing")
        }
        let id = try record.integer(UInt64.self)
        let version = try record.integer(UInt64.self)
        let rowCount = try record.integer(UInt64.self)
        let name = try record.text()
        let keyCount = try record.integer(UInt16.self)
        var primaryKey: [String] = []
        for _ in 0..<keyCount { primaryKey.append(try record.text()) }
        let schemaMessage = try record.slice(Int(try record.integer(UInt32.self)))
        try record.finish()
        let definition = try TableDefinition(
            name: name, schemaMessage: schemaMessage, primaryKey: primaryKey)
        guard id <= index, version <= index, catalog.byID[id] == nil, catalog.byName[name] == nil
        else { throw damaged("table \"\(name)\" stands in it twice, or is of a later index") }
        let table = Table(id: id, definition: definition, store: storeConfiguration)
        var left = rowCount
        while left > 0 {
            guard var rows = try next(source), rows.kind == .rows else {
                throw damaged("\(left) rows of table \"\(name)\" are missing")
            }
            let batch = try readRows(&rows, of: table)
            guard batch.rowCount > 0, batch.rowCount <= left else {
                throw damaged("table \"\(name)\" has more rows than it says")
            }
            left -= UInt64(batch.rowCount)
            do { try table.store.insert(batch, version: version) } catch {
                throw damaged("table \"\(name)\" has a key twice")
            }
        }
        table.store.upsert(.empty(table.schema), version: version)
        catalog.add(table)
        return rowCount
    }

    private func readRows(
        _ record: inout SnapshotRecord, of table: Table
    ) throws(DatabaseError) -> ArrowRecordBatch {
        let rowCount = Int(try record.integer(UInt32.self))
        let headerByteCount = Int(try record.integer(UInt32.self))
        let header = try record.slice(headerByteCount)
        _ = try record.slice(CommandFormat.padding(after: headerByteCount))
        let body = record.rest()
        let batch: ArrowRecordBatch
        do throws(DatabaseError) {
            batch = try table.decode(
                header: ArrowBuffer(header), body: ArrowBuffer(body),
                layout: .allColumns)
        } catch {
            throw damaged(error.message)
        }
        guard batch.rowCount == rowCount else {
            throw damaged("a batch of table \"\(table.name)\" has \(batch.rowCount) rows")
        }
        return batch
    }

    private mutating func readSessions(
        _ source: any RaftSnapshotSource, count: UInt64
    ) throws {
        var left = count
        while left > 0 {
            guard var record = try next(source), record.kind == .sessions else {
                throw damaged("\(left) sessions are missing")
            }
            repeat {
                guard left > 0 else { throw damaged("it has more sessions than it says") }
                let name = try record.text()
                guard sessions.sessions[name] == nil else {
                    throw damaged("session \"\(name)\" stands in it twice")
                }
                sessions.restore(try record.session(), named: name)
                left -= 1
            } while record.byteCount > 0
        }
    }

    /// The next record, put together of its chunks; nil at the end of the snapshot.
    private mutating func next(_ source: any RaftSnapshotSource) throws -> SnapshotRecord? {
        guard var chunk = try source.next() else { return nil }
        chunkCount += 1
        var (kind, goesOn) = try prefix(of: &chunk)
        var bytes = chunk
        while goesOn {
            guard var more = try source.next() else { throw damaged("it ends within a record") }
            chunkCount += 1
            let kindBefore = kind
            (kind, goesOn) = try prefix(of: &more)
            guard kind == kindBefore,
                more.readableBytes <= SnapshotFormat.recordByteCountMax - bytes.readableBytes
            else { throw damaged("chunk \(chunkCount) doesn't go on with the record before it") }
            bytes.writeBuffer(&more)
        }
        return SnapshotRecord(kind: kind, bytes: bytes)
    }

    private func prefix(
        of chunk: inout ByteBuffer
    ) throws(DatabaseError) -> (SnapshotFormat.Record, Bool) {
        guard
            let (kind, goesOn, zero, zeroes) = chunk.readMultipleIntegers(
                endianness: .little, as: (UInt8, UInt8, UInt16, UInt32).self),
            let kind = SnapshotFormat.Record(rawValue: kind), goesOn <= 1, zero == 0, zeroes == 0
        else { throw damaged("chunk \(chunkCount) has no valid beginning") }
        return (kind, goesOn == 1)
    }

    private func damaged(_ what: String) -> DatabaseError {
        SnapshotRecord.damaged(what)
    }
}
