internal import MarbleCluster
internal import MarbleDB
internal import MarbleFlight

/// Where a client's batches go.
enum PutRoute: Sendable {
    /// This node leads: into its log.
    case here(TableWriter, RaftServer)
    /// To the leader, by its client and under its endpoint.
    case leader(FlightClient, String)
}

/// How a node marks what it passes on, so that no call goes in circles.
enum Forwarding {
    /// The header's value is the ID of the node that passed the call on.
    static let header = "marble-forwarded"
    /// The trailer of a node that took nothing of what was passed on to it, because it doesn't lead.
    static let refusedTrailer = "marble-refused"
}
