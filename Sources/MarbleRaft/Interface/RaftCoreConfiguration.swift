/// What a consensus core is told once, when it is made.
public struct RaftCoreConfiguration: Sendable {
    /// The seat of this node; one of `voters`.
    public var nodeID: RaftNodeID
    /// All seats of the cluster, this node's included; each once.
    public var voters: [RaftNodeID]
    /// The shortest time without a leader's message after which a follower campaigns. The real time
    /// is drawn anew from [electionTimeout, 2 × electionTimeout) for each wait (Raft paper, 5.2).
    public var electionTimeout: Duration
    /// How often a leader says that it is there. Well below `electionTimeout`.
    public var heartbeatInterval: Duration
    /// Ask whether an election could be won before starting one (Raft thesis, section 9.6).
    public var preVote: Bool
    /// A leader that hears from no quorum for an election timeout steps down (Raft thesis, 6.2).
    public var checkQuorum: Bool
    /// Appends in flight to one peer before sending to it pauses.
    public var maxInFlightMessages: Int
    /// Payload bytes in flight to one peer before sending to it pauses. The message that crosses
    /// the bound is still sent.
    public var maxInFlightBytes: Int
    /// Entries named by one `RaftSend`.
    public var maxEntriesPerSend: Int
    /// How long a leader waits for entries that tell its followers the commit index on their way,
    /// before it sends them a message for that alone. Zero: it doesn't wait.
    public var commitNoticeDelay: Duration
    /// Read requests that wait for a quorum at a leader; those beyond are refused.
    public var maxPendingReads: Int
    /// Where this node's randomness starts. Nodes of a cluster need different seeds.
    public var seed: UInt64
    /// False for a member whose disk was lost or isn't proven: it follows and stores, and never
    /// campaigns, grants a vote, or counts in a quorum. See `RaftCore.allowVoting()`.
    public var mayVote: Bool
    /// A defect that tests of the simulator ask for, to see that it is found.
    package var plantedBug: RaftPlantedBug?

    /// Creates a configuration. The defaults suit a local network.
    public init(
        nodeID: RaftNodeID,
        voters: [RaftNodeID],
        electionTimeout: Duration = .milliseconds(1500),
        heartbeatInterval: Duration = .milliseconds(300),
        preVote: Bool = true,
        checkQuorum: Bool = true,
        maxInFlightMessages: Int = 256,
        maxInFlightBytes: Int = 16 << 20,
        maxEntriesPerSend: Int = 4096,
        commitNoticeDelay: Duration = .zero,
        maxPendingReads: Int = 65_536,
        seed: UInt64,
        mayVote: Bool = true
    ) {
        self.nodeID = nodeID
        self.voters = voters
        self.electionTimeout = electionTimeout
        self.heartbeatInterval = heartbeatInterval
        self.preVote = preVote
        self.checkQuorum = checkQuorum
        self.maxInFlightMessages = maxInFlightMessages
        self.maxInFlightBytes = maxInFlightBytes
        self.maxEntriesPerSend = maxEntriesPerSend
        self.commitNoticeDelay = commitNoticeDelay
        self.maxPendingReads = maxPendingReads
        self.seed = seed
        self.mayVote = mayVote
    }
}
