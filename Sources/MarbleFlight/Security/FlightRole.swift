/// What a caller may do. Each role may do what those before it may.
public enum FlightRole: String, Sendable, Hashable, CaseIterable {
    /// Reads data and asks for the state.
    case reader
    /// Writes data too.
    case writer
    /// Removes data, and steers the servers.
    case admin
    /// Another server of the same cluster.
    case peer
}

extension FlightRole: Comparable {
    public static func < (left: FlightRole, right: FlightRole) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .reader: 0
        case .writer: 1
        case .admin: 2
        case .peer: 3
        }
    }
}
