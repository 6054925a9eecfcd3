internal import MarbleCluster
internal import MarbleDB

/// The names of the tables that a log's entries write to, dropped ones too.
///
/// A write names its table by the index of the entry that created it, so the log says the names itself for
/// as long as it reaches back that far. What it doesn't reach is in the catalog, unless it was dropped.
struct LogTableNames {
    /// An entry with what it does; nil for entries that are none of the database's.
    struct Row {
        let entry: RaftEntry
        let summary: CommandSummary?
    }

    private let database: Database
    private var created: [UInt64: String] = [:]

    init(database: Database) {
        self.database = database
    }

    /// Reads the entries, and remembers the tables that they create.
    mutating func rows(of entries: [RaftEntry]) -> [Row] {
        entries.map { entry in
            let summary = entry.kind == .command ? database.summary(of: entry.payload) : nil
            // A creation that was refused does no harm: no write has its index for a table.
            if let summary, summary.createsTable { created[entry.index] = summary.table }
            return Row(entry: entry, summary: summary)
        }
    }

    /// The table that an entry is about; nil if it is about none, or if nobody knows the name any more.
    func name(for row: Row) -> String? {
        guard let summary = row.summary else { return nil }
        return summary.table ?? summary.tableID.flatMap { created[$0] }
    }

    /// Whether the entry's table has a name that an earlier part of the log may still know.
    func isUnknown(in row: Row) -> Bool {
        row.summary != nil && name(for: row) == nil
    }
}

extension CommandSummary {
    fileprivate var createsTable: Bool { operation == "create_table" }
}
