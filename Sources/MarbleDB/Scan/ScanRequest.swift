internal import MarbleJSON
public import MarbleRaft
public import NIOCore

/// In which order rows come.
public enum ScanOrder: String, Sendable, CaseIterable {
    /// By the primary key, ascending: the default for tables with a key.
    case key
    /// By the primary key, descending.
    case keyDescending = "-key"
}

/// How recent the state must be that is read. Whoever calls `Database.scan` sees to it beforehand.
public enum ScanConsistency: String, Sendable, CaseIterable {
    /// At least as recent as every write that was acknowledged before the read began.
    case linearizable
    /// The same, relying on the leader's lease.
    case lease
    /// What the node has.
    case stale
}

/// Which rows of which table to read: what a ticket says.
public struct ScanRequest: Sendable, Equatable {
    /// About a century: longer durations are taken for that.
    private static let millisecondsMax: Int64 = 100 * 365 * 86_400_000

    public var table: String
    /// The columns in the order wanted; nil for all.
    public var columns: [String]?
    /// nil for key order in tables with a primary key, log order in others.
    public var order: ScanOrder?
    /// How many rows at most; nil for all.
    public var limit: Int?
    /// How many rows are left out at the beginning.
    public var offset = 0
    public var consistency = ScanConsistency.linearizable
    /// How old the state may be; only with `stale`.
    public var maxStaleness: Duration?
    /// The log index that the state must have reached at least: a pinned ticket's.
    public var index: RaftIndex?

    /// All rows of a table.
    public init(table: String) {
        self.table = table
    }

    /// Reads a ticket: a JSON object of which all keys but `table` are optional.
    /// Throws `invalidArgument` that names the key, `unimplemented` for `where` and `as_of`.
    public init(json: ByteBuffer) throws(DatabaseError) {
        do {
            try self.init(ticket: json)
        } catch {
            throw DatabaseError(reading: error)
        }
    }

    private init(ticket: ByteBuffer) throws {
        let value = try JSONValue(parsing: ticket, subject: "the ticket")
        var members = try JSONObjectReader(value, subject: "the ticket")
        let table = try members.string("table")
        self.table = table ?? ""
        columns = try members.strings("columns")
        order = try Self.choice("order", try members.string("order"))
        limit = try members.count("limit").map { Int($0) }
        offset = Int(try members.count("offset") ?? 0)
        consistency =
            try Self.choice("consistency", try members.string("consistency")) ?? .linearizable
        maxStaleness = try members.count("max_staleness_ms").map {
            .milliseconds(min($0, Self.millisecondsMax))
        }
        index = try members.count("index").map { UInt64($0) }
        for key in ["where", "as_of"] where members.value(key) != nil {
            throw DatabaseError(
                .unimplemented,
                "\"\(key)\" in the ticket is not supported by this version of MarbleDB; "
                    + "leave it out, and select rows where you read them")
        }
        try members.finish()
        guard table != nil else { throw members.missing("table") }
        guard maxStaleness == nil || consistency == .stale else {
            throw DatabaseError(
                .invalidArgument,
                "\"max_staleness_ms\" in the ticket needs \"consistency\": \"stale\"")
        }
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ text: String?
    ) throws(DatabaseError) -> Choice? {
        guard let text else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        throw DatabaseError(
            .invalidArgument,
            "\"\(key)\" in the ticket may be "
                + Choice.allCases.map { JSONValue.quoted($0.rawValue) }.joined(separator: ", ")
                + ", not \(JSONValue.quoted(text))")
    }

    /// The ticket that `init(json:)` reads back.
    public var json: String {
        var members = ["\"table\": \(JSONValue.quoted(table))"]
        if let columns {
            let list = columns.map { JSONValue.quoted($0) }.joined(separator: ", ")
            members.append("\"columns\": [\(list)]")
        }
        if let order { members.append("\"order\": \(JSONValue.quoted(order.rawValue))") }
        if let limit { members.append("\"limit\": \(limit)") }
        if offset > 0 { members.append("\"offset\": \(offset)") }
        if consistency != .linearizable {
            members.append("\"consistency\": \(JSONValue.quoted(consistency.rawValue))")
        }
        if let maxStaleness {
            let parts = maxStaleness.components
            let milliseconds = parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000
            members.append("\"max_staleness_ms\": \(milliseconds)")
        }
        if let index { members.append("\"index\": \(index)") }
        return "{\(members.joined(separator: ", "))}"
    }
}
