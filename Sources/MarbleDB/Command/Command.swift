import MarbleArrow
import NIOCore

/// An entry of the log as the database understands it.
enum Command {
    case write(WriteCommand)
    case createTable(CreateTableCommand)
    case dropTable(name: String)

    var operation: CommandOperation {
        switch self {
        case .write(let command): command.operation
        case .createTable: .createTable
        case .dropTable: .dropTable
        }
    }
}

/// Rows to be written to, or deleted from, a table.
struct WriteCommand {
    /// `upsert`, `insert` or `delete`.
    var operation: CommandOperation
    var layout: BatchLayout
    var tableID: UInt64
    /// nil if the write isn't part of a session.
    var session: String?
    var sequence: UInt64
    var rowCount: Int
    /// The client's bytes as they came.
    var header: ArrowBuffer
    var body: ArrowBuffer
}

/// A table to be created.
struct CreateTableCommand {
    var name: String
    var primaryKey: [String]
    /// A table with the same columns and the same key is as good as a created one.
    var ifNotExists: Bool
    /// A bare Arrow message.
    var schemaMessage: ByteBuffer
}
