/// What a node must remember of elections across a crash (Raft paper, figure 2, persistent state).
public struct RaftHardState: Equatable, Sendable {
    /// The latest term the node has seen.
    public var term: RaftTerm
    /// Whom it voted for in that term, if anybody.
    public var votedFor: RaftNodeID?

    /// Creates a state; the default is that of a node which has never run.
    public init(term: RaftTerm = 0, votedFor: RaftNodeID? = nil) {
        self.term = term
        self.votedFor = votedFor
    }
}
