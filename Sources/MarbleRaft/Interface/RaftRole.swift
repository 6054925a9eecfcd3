/// What a node does in its term (Raft paper, figure 4; thesis section 9.6 for the pre-candidate).
public enum RaftRole: Equatable, Hashable, Sendable {
    /// Takes entries from the term's leader.
    case follower
    /// Asks whether an election could be won, in an unchanged term.
    case preCandidate
    /// Asks for votes in a term of its own.
    case candidate
    /// Takes proposals and replicates them.
    case leader
}
