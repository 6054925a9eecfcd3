public import MarbleRaft

/// A group as one of its nodes sees it.
public struct RaftStatus: Sendable, Equatable {
    /// What a member's seat is for.
    public enum MemberKind: String, Sendable {
        /// Votes, and counts for commits.
        case voter
        /// Receives everything, but neither votes nor counts: a seat whose data directory is new
        /// to a cluster that knew it by another one.
        case learner
    }

    /// A member as this node sees it.
    public struct Member: Sendable, Equatable {
        public var nodeID: RaftNodeID
        public var endpoint: String
        public var kind: MemberKind
        /// The last entry known to be durable on the member. Only the leader knows it for others.
        public var matchIndex: RaftIndex?
        public var isHealthy: Bool
        /// Why it isn't healthy.
        public var reason: String?
    }

    public var groupID: RaftGroupID
    public var nodeID: RaftNodeID
    public var role: RaftRole
    public var term: RaftTerm
    /// The leader's node ID and endpoint, where one is known.
    public var leader: RaftLeader?
    public var commitIndex: RaftIndex
    public var appliedIndex: RaftIndex
    /// The first entry that the log still has.
    public var firstIndex: RaftIndex
    public var lastIndex: RaftIndex
    /// What the newest snapshot covers; 0 for none.
    public var snapshotIndex: RaftIndex
    public var members: [Member]
}

/// Who leads a group.
public struct RaftLeader: Sendable, Equatable {
    public var nodeID: RaftNodeID
    public var endpoint: String
}
