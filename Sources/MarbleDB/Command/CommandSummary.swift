/// What a log entry does, for those who list the log.
public struct CommandSummary: Sendable, Equatable {
    /// `upsert`, `insert`, `delete`, `create_table` or `drop_table`.
    public let operation: String
    /// The table's name; nil if the table that was written to doesn't exist any more.
    public let table: String?
    /// The table's ID; nil for commands that name a table.
    public let tableID: UInt64?
    /// How many rows a write carries.
    public let rowCount: Int
    /// How many bytes the entry has.
    public let byteCount: Int
}
