/// A part of a node that logs under its own name and has its own level.
public enum LogComponent: String, Sendable, CaseIterable {
    /// The node: its start and end, and what clients ask of it.
    case node
    /// The server on the node's port: connections, and what is refused.
    case flightServer = "flight.server"
    /// Connections to other nodes.
    case flightClient = "flight.client"
    /// The group: elections, peers, snapshots.
    case raft
    /// The log on the disk.
    case log
}
