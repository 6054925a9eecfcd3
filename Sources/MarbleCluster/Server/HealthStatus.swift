/// A part of a node whose health is known.
public enum HealthComponent: Sendable, Hashable {
    /// The endpoint: whether it is listened on.
    case transport
    /// The group as a whole: there only while the server isn't running.
    case raft
    /// The log on the disk.
    case log
    /// Whether a leader is known.
    case leader
    /// The state machine: whether it keeps up with what is committed.
    case state
    /// The connection to a peer, by its endpoint.
    case peer(String)
}

extension HealthComponent: CustomStringConvertible {
    /// The name in JSON and messages: `log`, `peer HOST:PORT`.
    public var description: String {
        switch self {
        case .transport: "transport"
        case .raft: "raft"
        case .log: "log"
        case .leader: "leader"
        case .state: "state"
        case .peer(let endpoint): "peer \(endpoint)"
        }
    }
}

/// How a component does.
public enum HealthStatus: Sendable, Equatable {
    case healthy
    /// With what is wrong, and what to check.
    case unhealthy(reason: String)

    public var isHealthy: Bool { self == .healthy }
}
