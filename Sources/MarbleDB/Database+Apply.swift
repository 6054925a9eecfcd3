import MarbleArrow
public import MarbleCluster
import MarbleRaft
import MarbleStore
public import NIOCore
import Synchronization

extension Database {
    /// Applies committed commands, and returns the outcome of each, to be read by `WriteOutcome`.
    public func apply(_ entries: [RaftEntry]) -> [ByteBuffer] {
        // All outcomes lie in one buffer: slices cost no allocation.
        var buffer = ByteBufferAllocator().buffer(
            capacity: entries.count * AppliedOutcome.fixedByteCount)
        var ends: [Int] = []
        ends.reserveCapacity(entries.count)
        for entry in entries {
            precondition(
                entry.index > lastApplied,
                "entry \(entry.index) was applied before; the last one was \(lastApplied)")
            if entry.kind == .command { apply(entry).write(to: &buffer) }
            ends.append(buffer.writerIndex)
            setLastApplied(entry.index)
        }
        var outcomes: [ByteBuffer] = []
        outcomes.reserveCapacity(entries.count)
        for end in ends {
            outcomes.append(buffer.readSlice(length: end - buffer.readerIndex) ?? ByteBuffer())
        }
        return outcomes
    }

    private func apply(_ entry: RaftEntry) -> AppliedOutcome {
        do throws(DatabaseError) {
            switch try CommandDecoder.decode(entry.payload) {
            case .write(let command):
                guard let session = command.session else { return apply(command, entry) }
                return try apply(command, entry, session: session)
            case .createTable(let command): return try create(command, entry)
            case .dropTable(let name): return try drop(name, entry)
            }
        } catch {
            return AppliedOutcome(index: entry.index, term: entry.term, error: error)
        }
    }

    // MARK: Writes

    /// A session's write takes effect once: a repeated one has the first one's outcome.
    private func apply(
        _ command: WriteCommand, _ entry: RaftEntry, session: String
    ) throws(DatabaseError) -> AppliedOutcome {
        let known: Result<AppliedOutcome?, DatabaseError> = sessions.withLock { sessions in
            do throws(DatabaseError) {
                return .success(
                    try sessions.outcome(session: session, sequence: command.sequence))
            } catch {
                return .failure(error)
            }
        }
        if let first = try known.get() { return first }
        let outcome = apply(command, entry)
        sessions.withLock {
            $0.remember(outcome, session: session, sequence: command.sequence, at: entry.index)
        }
        return outcome
    }

    private func apply(_ command: WriteCommand, _ entry: RaftEntry) -> AppliedOutcome {
        do throws(DatabaseError) {
            let rowCount = try write(command, version: entry.index)
            return AppliedOutcome(index: entry.index, term: entry.term, rowCount: rowCount)
        } catch {
            return AppliedOutcome(index: entry.index, term: entry.term, error: error)
        }
    }

    private func write(
        _ command: WriteCommand, version: RaftIndex
    ) throws(DatabaseError) -> Int {
        guard let table = catalog.withLock({ $0.byID[command.tableID] }) else {
            throw DatabaseError(
                .notFound,
                "the table was dropped before the batch was applied; create it again, then retry")
        }
        let isDelete = command.operation == .delete
        guard isDelete ? table.isKeyed : command.layout == .allColumns else {
            throw DatabaseError(
                .failedPrecondition,
                "table \"\(table.name)\": the batch's columns don't fit its operation")
        }
        let batch = try table.decode(
            header: command.header, body: command.body, layout: command.layout)
        do throws(StoreError) {
            switch command.operation {
            case .delete:
                return try table.store.delete(
                    batch, keyColumns: table.keyPositions(in: command.layout), version: version)
            case .insert: try table.store.insert(batch, version: version)
            default: table.store.upsert(batch, version: version)
            }
        } catch {
            switch error.code {
            case .keyExists:
                throw DatabaseError(
                    .alreadyExists,
                    "table \"\(table.name)\": \(error.message), so no row of the batch was inserted; "
                        + "use upsert to overwrite")
            case .noKey: throw DatabaseError(.failedPrecondition, error.message)
            case .gather: throw DatabaseError(.internalError, error.message)
            }
        }
        return batch.rowCount
    }

    // MARK: Tables

    private func create(
        _ command: CreateTableCommand, _ entry: RaftEntry
    ) throws(DatabaseError) -> AppliedOutcome {
        let definition = try TableDefinition(
            name: command.name, schemaMessage: command.schemaMessage,
            primaryKey: command.primaryKey)
        let (existing, count) = catalog.withLock { ($0.byName[command.name], $0.count) }
        if let existing {
            let isSame =
                existing.primaryKey == definition.primaryKey
                && existing.schema.hasSameFields(as: definition.schema)
            if command.ifNotExists && isSame {
                return AppliedOutcome(index: entry.index, term: entry.term, rowCount: 0)
            }
            throw DatabaseError(
                .alreadyExists,
                "table \"\(command.name)\" exists already"
                    + (isSame ? "" : ", with other columns or another primary key")
                    + "; drop it first, or choose another name")
        }
        guard count < configuration.tableCountMax else {
            throw DatabaseError(
                .resourceExhausted,
                "table \"\(command.name)\" would be one more than the limit of "
                    + "\(configuration.tableCountMax) tables; drop one that isn't needed")
        }
        let table = Table(id: entry.index, definition: definition, store: storeConfiguration)
        catalog.withLock { $0.add(table) }
        return AppliedOutcome(index: entry.index, term: entry.term, rowCount: 0)
    }

    private func drop(
        _ name: String, _ entry: RaftEntry
    ) throws(DatabaseError) -> AppliedOutcome {
        let table = try find(name)
        catalog.withLock { $0.remove(table) }
        return AppliedOutcome(index: entry.index, term: entry.term, rowCount: 0)
    }
}
