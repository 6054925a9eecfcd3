import MarbleArrow
public import MarbleCluster
import MarbleJSON
public import MarbleRaft
import MarbleStore
public import NIOCore
import Synchronization

/// The database as a state machine: tables of Arrow record batches, changed only by the log's entries.
///
/// `apply`, `snapshot` and `restore` are called one at a time, as `RaftStateMachine` says; everything
/// else may be called from any thread, beside them. Calls that look at a table wait for a short lock,
/// which `apply` holds while it marks rows: not something to do on an event loop for many tables.
///
/// A write takes this way: `writer(table:schemaMessage:)` once for a stream, `TableWriter.encode` for
/// each batch, the payload through Raft's log, `apply` on every node, and its outcome, which
/// `WriteOutcome` reads, back to the proposer.
public final class Database: RaftStateMachine {
    let configuration: DatabaseConfiguration
    let storeConfiguration = StoreConfiguration()
    let catalog = Mutex(Catalog())
    let sessions: Mutex<SessionTable>
    private let applied = Atomic<UInt64>(0)

    /// An empty database.
    public init(configuration: DatabaseConfiguration = DatabaseConfiguration()) {
        self.configuration = configuration
        sessions = Mutex(SessionTable(configuration))
    }

    /// The index of the last entry whose effect is part of the state.
    public var lastApplied: RaftIndex {
        applied.load(ordering: .acquiring)
    }

    func setLastApplied(_ index: RaftIndex) {
        applied.store(index, ordering: .releasing)
    }

    // MARK: Tables

    /// The tables, by name.
    public var tables: [TableDescription] {
        catalog.withLock { $0.sortedByName }.map(\.description)
    }

    /// The table with the name. Throws `notFound`.
    public func table(named name: String) throws(DatabaseError) -> TableDescription {
        try find(name).description
    }

    func find(_ name: String) throws(DatabaseError) -> Table {
        guard let table = catalog.withLock({ $0.byName[name] }) else {
            throw Self.noTable(JSONValue.quoted(name))
        }
        return table
    }

    static func noTable(_ name: String) -> DatabaseError {
        DatabaseError(
            .notFound,
            "there is no table \(name); create it with the action create_table, or by writing to it, "
                + "or look at list_flights for those that there are")
    }

    // MARK: The door

    /// A proposal that creates a table.
    ///
    /// - Parameters:
    ///   - schemaMessage: an Arrow schema message, bare (as in `FlightData.data_header`) or
    ///     encapsulated (as it begins an IPC stream).
    ///   - primaryKey: the key's columns; nil to take them from the schema's metadata
    ///     `marble.primary_key`. Empty, or nowhere given: rows are appended.
    ///   - ifNotExists: a table with the same columns and the same key is as good as a created one.
    /// - Throws: `invalidArgument` for a name, schema or key that can't be; `unimplemented` for a type
    ///   that isn't supported. That the table exists is known only when the proposal is applied:
    ///   then the outcome is `alreadyExists`.
    public func createTableCommand(
        name: String, schemaMessage: ByteBuffer, primaryKey: [String]?, ifNotExists: Bool = false
    ) throws(DatabaseError) -> ByteBuffer {
        let definition = try TableDefinition(
            name: name, schemaMessage: schemaMessage, primaryKey: primaryKey)
        return CommandEncoder.createTable(definition, ifNotExists: ifNotExists)
    }

    /// A proposal that drops a table with all its rows. If there is no such table when it is applied,
    /// the outcome is `notFound`. Throws `invalidArgument` for what can't be a table's name.
    public func dropTableCommand(name: String) throws(DatabaseError) -> ByteBuffer {
        try TableDefinition.check(name: name)
        return CommandEncoder.dropTable(name: name)
    }

    /// The door for the batches of one stream.
    ///
    /// - Parameter schemaMessage: the stream's schema: the table's columns, or the primary key's only.
    /// - Throws: `notFound` if there is no such table (yet), `failedPrecondition` if the schema doesn't
    ///   fit the table's, `invalidArgument` and `unimplemented` if it can't be read.
    public func writer(
        table name: String, schemaMessage: ByteBuffer
    ) throws(DatabaseError) -> TableWriter {
        let table = try find(name)
        let (schema, _) = try TableDefinition.decodeSchema(
            schemaMessage, subject: "the stream to table \"\(name)\"")
        return try TableWriter(
            table: table, schema: schema, batchByteCountMax: configuration.batchByteCountMax)
    }

    /// What an entry's payload does, for those who list the log; nil if it is no command.
    public func summary(of payload: ByteBuffer) -> CommandSummary? {
        guard let command = try? CommandDecoder.decode(payload) else { return nil }
        let operation = command.operation.name
        switch command {
        case .write(let write):
            let name = catalog.withLock { $0.byID[write.tableID]?.name }
            return CommandSummary(
                operation: operation, table: name, tableID: write.tableID,
                rowCount: write.rowCount, byteCount: payload.readableBytes)
        case .createTable(let create):
            return CommandSummary(
                operation: operation, table: create.name, tableID: nil, rowCount: 0,
                byteCount: payload.readableBytes)
        case .dropTable(let name):
            return CommandSummary(
                operation: operation, table: name, tableID: nil, rowCount: 0,
                byteCount: payload.readableBytes)
        }
    }
}
