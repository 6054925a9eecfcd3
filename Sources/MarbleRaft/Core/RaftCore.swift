/// The consensus of one Raft group on one node, as a value: messages and events in, decisions out. It
/// has no clock, no I/O and no payloads; the driver tells it what happened and when, drains its output
/// (`takeOutput(into:)`), and carries that out.
///
/// Source: D. Ongaro, J. Ousterhout, "In search of an understandable consensus algorithm" (extended
/// version, 2014), and D. Ongaro, "Consensus: bridging theory and practice" (thesis, 2014).
/// `docs/raft.md` says where this differs.
public struct RaftCore: Sendable {
    /// This node's seat.
    public let nodeID: RaftNodeID
    /// What the node does in its term.
    public internal(set) var role = RaftRole.follower
    /// The latest term the node has seen.
    public internal(set) var term: RaftTerm
    /// The leader of the term, when known; this node itself when it leads.
    public internal(set) var leader: RaftNodeID?
    /// The last entry known to be committed. Entries up to it never change.
    public internal(set) var commitIndex: RaftIndex
    /// The last entry that the driver reported as applied.
    public internal(set) var appliedIndex: RaftIndex
    /// The latest durable snapshot; 0 for none.
    public internal(set) var snapshotIndex: RaftIndex
    /// The term of the entry at `snapshotIndex`; 0 for none.
    public internal(set) var snapshotTerm: RaftTerm
    /// Whether this node campaigns, votes and counts.
    public internal(set) var mayVote: Bool

    let configuration: RaftCoreConfiguration
    let quorumSize: Int
    let electionTimeoutNanoseconds: UInt64
    let heartbeatNanoseconds: UInt64
    let commitNoticeNanoseconds: UInt64
    var random: RaftRandom

    var votedFor: RaftNodeID?
    var log: RaftLogView
    var durability: RaftDurability
    var peers: [RaftPeer]

    // Follower and candidate.
    var electionDeadline: RaftInstant
    var randomizedTimeoutNanoseconds: UInt64 = 0
    var lastLeaderContact: RaftInstant?
    /// The log up to here agrees with that of the term's leader. Never below `commitIndex`.
    var verifiedIndex: RaftIndex
    /// The snapshot that the driver is installing.
    var installing: (index: RaftIndex, term: RaftTerm)?
    /// Whether the vote requests of this candidacy have been drained: answers can't come before.
    var voteRequestsLeft = false

    // Leader.
    var heartbeatDeadline: RaftInstant
    var quorumDeadline: RaftInstant
    /// The entry with which this leadership began.
    var noopIndex: RaftIndex = 0
    var transfer: (target: RaftNodeID, deadline: RaftInstant)?
    var reads = RaftReadQueue()
    var readSequence: UInt64 = 0
    var uncommitted = RaftByteWindow()
    /// When followers hear of what was committed, if no entries have told them by then.
    var commitNoticeDeadline: RaftInstant?
    /// Whether a peer might be due a send.
    var sendsAreDue = false
    var lastTicket: UInt64 = 0

    // Output that gathers, and what was last reported.
    var output = RaftOutput()
    var reportedHardState: RaftHardState
    var reportedCommitIndex: RaftIndex
    var reportedRole = RaftRole.follower
    var reportedTerm: RaftTerm
    var reportedLeader: RaftNodeID?

    /// Creates the core of a node that starts, with what its disk remembers. Commit and applied
    /// index begin at the snapshot; the driver restores the state machine from it first.
    ///
    /// Traps when the configuration or the recovered state contradicts itself: no seat for this
    /// node, a seat twice, a heartbeat that isn't shorter than the election timeout, a log that
    /// isn't one, entries of a term that the hard state doesn't know.
    public init(
        configuration: RaftCoreConfiguration,
        hardState: RaftHardState,
        log summary: RaftLogSummary,
        now: RaftInstant
    ) {
        Self.check(configuration)
        nodeID = configuration.nodeID
        term = hardState.term
        votedFor = hardState.votedFor
        commitIndex = summary.snapshotIndex
        appliedIndex = summary.snapshotIndex
        snapshotIndex = summary.snapshotIndex
        snapshotTerm = summary.snapshotTerm
        verifiedIndex = summary.snapshotIndex
        mayVote = configuration.mayVote
        self.configuration = configuration
        quorumSize = configuration.voters.count / 2 + 1
        electionTimeoutNanoseconds = RaftInstant.nanoseconds(in: configuration.electionTimeout)
        heartbeatNanoseconds = RaftInstant.nanoseconds(in: configuration.heartbeatInterval)
        commitNoticeNanoseconds = RaftInstant.nanoseconds(in: configuration.commitNoticeDelay)
        random = RaftRandom(seed: configuration.seed)
        log = RaftLogView(summary)
        durability = RaftDurability(lastIndex: summary.lastIndex)
        peers = configuration.voters.filter { $0 != configuration.nodeID }.map(RaftPeer.init(id:))
        electionDeadline = now
        heartbeatDeadline = now
        quorumDeadline = now
        reportedHardState = hardState
        reportedCommitIndex = summary.snapshotIndex
        reportedTerm = hardState.term
        precondition(
            log.lastTerm <= hardState.term,
            "The log ends in term \(log.lastTerm), the hard state in \(hardState.term)")
        resetElectionTimer(now: now)
    }

    private static func check(_ configuration: RaftCoreConfiguration) {
        precondition(
            configuration.voters.contains(configuration.nodeID)
                && !configuration.voters.contains(0)
                && Set(configuration.voters).count == configuration.voters.count,
            "Seats are distinct, start at 1, and include the node's own: \(configuration)")
        precondition(
            configuration.heartbeatInterval > .zero
                && configuration.electionTimeout > configuration.heartbeatInterval,
            "0 < heartbeatInterval < electionTimeout: \(configuration)")
        precondition(
            configuration.maxInFlightMessages > 0 && configuration.maxInFlightBytes > 0
                && configuration.maxEntriesPerSend > 0 && configuration.maxPendingReads > 0,
            "Limits are above 0: \(configuration)")
    }
}
