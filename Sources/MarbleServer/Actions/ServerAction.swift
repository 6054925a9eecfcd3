internal import MarbleFlight

/// The actions of a node, with the line that `list_actions` says about each.
enum ServerAction: String, CaseIterable {
    case createTable = "create_table"
    case dropTable = "drop_table"
    case status
    case health
    case metrics
    case setLogLevel = "set_log_level"
    case transferLeadership = "transfer_leadership"

    init(type: String) throws(FlightError) {
        guard let action = ServerAction(rawValue: type) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw FlightError(
                .unimplemented, "there is no action \"\(type)\"; there are \(known)")
        }
        self = action
    }

    var summary: String {
        switch self {
        case .createTable:
            "Creates a table: {\"table\", \"schema\": base64 of the IPC schema message,"
                + " \"primary_key\": [column, …]}."
        case .dropTable: "Removes a table and its rows: {\"table\"}."
        case .status: "Says who leads, and how far this node's log and state are."
        case .health: "Says whether this node and its parts are well, and why not."
        case .metrics: "Says this node's metrics."
        case .setLogLevel:
            "Changes what this node logs: {\"component\", \"level\"}; without a component, all do."
        case .transferLeadership:
            "Hands the leadership over: {\"node_id\"}, or {} for the most up-to-date node."
        }
    }

    /// What a caller needs, where nodes ask for credentials.
    var requiredRole: FlightRole {
        switch self {
        case .status, .health, .metrics: .reader
        case .createTable: .writer
        case .dropTable, .setLogLevel, .transferLeadership: .admin
        }
    }

    /// Whether only the leader can do it.
    var needsLeader: Bool {
        switch self {
        case .createTable, .dropTable, .transferLeadership: true
        case .status, .health, .metrics, .setLogLevel: false
        }
    }
}
