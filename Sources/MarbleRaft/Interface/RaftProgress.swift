/// What a leader knows of a peer's log.
public struct RaftProgress: Equatable, Sendable {
    /// How a leader sends to a peer.
    public enum State: Equatable, Sendable {
        /// One message at a time, to find where the logs agree.
        case probe
        /// Many messages in flight.
        case replicate
        /// The peer needs a snapshot before it can take entries.
        case snapshot
    }

    /// The last entry that the peer has durably, and that agrees with the leader's.
    public var matchIndex: RaftIndex
    /// The next entry to send.
    public var nextIndex: RaftIndex
    /// How entries are sent.
    public var state: State
    /// Whether the peer spoke since the last check of the quorum.
    public var recentlyActive: Bool
    /// Whether the peer's answers count in quorums, by its own word.
    public var countsForQuorum: Bool

    /// Creates a view of a peer's progress.
    public init(
        matchIndex: RaftIndex,
        nextIndex: RaftIndex,
        state: State,
        recentlyActive: Bool,
        countsForQuorum: Bool
    ) {
        self.matchIndex = matchIndex
        self.nextIndex = nextIndex
        self.state = state
        self.recentlyActive = recentlyActive
        self.countsForQuorum = countsForQuorum
    }
}
