/// What a core wants done. A driver keeps one value and hands it to `RaftCore.takeOutput(into:)` again
/// and again, so that its arrays are reused. All that one output holds may be begun at once, and in
/// any order, except where a field says otherwise.
public struct RaftOutput: Sendable {
    /// Writes to make durable; then `RaftCore.persisted(sequence:now:)` is due.
    public var persist: RaftPersist?
    /// Messages that may leave at once.
    public var messages: [RaftMessage] = []
    /// Messages that may leave only when every `persist` handed out so far, this output's included, is
    /// durable: granted votes, a candidate's requests, acknowledged appends.
    public var messagesAfterPersist: [RaftMessage] = []
    /// Entries to ship to peers. They may leave before this node's own disk has them: the leader's
    /// disk works in parallel with the network (Raft thesis, section 10.2.1).
    public var sends: [RaftSend] = []
    /// The entry with which a leader begins its term: the driver puts an empty payload there. It is
    /// part of `persist.append`. Proposals are refused until it has been drained.
    public var leaderNoop: (index: RaftIndex, term: RaftTerm)?
    /// The commit index, when it moved: entries up to it may be applied, even those which this node's
    /// own disk hasn't reported durable yet (a majority's has).
    public var commitIndex: RaftIndex?
    /// Reads that may be answered once the state machine has applied `index` (thesis, section 6.4).
    /// A context can come twice, when the network doubled an answer.
    public var readStates: [(context: UInt64, index: RaftIndex)] = []
    /// Reads that got no index: there is no leader, or it lost its quorum. They can be asked again.
    public var readFailures: [UInt64] = []
    /// A snapshot to pull from `from`. Answered by `snapshotInstalled(index:term:now:)` or
    /// `snapshotInstallFailed(now:)`; until then the node takes no entries and doesn't campaign.
    public var snapshotInstall: (from: RaftNodeID, index: RaftIndex, term: RaftTerm)?
    /// Role, term and leader, when any of them changed.
    public var roleChange: (role: RaftRole, term: RaftTerm, leader: RaftNodeID?)?

    /// Creates an empty output.
    public init() {}

    /// Whether there is nothing to do.
    public var isEmpty: Bool {
        persist == nil && messages.isEmpty && messagesAfterPersist.isEmpty && sends.isEmpty
            && leaderNoop == nil && commitIndex == nil && readStates.isEmpty
            && readFailures.isEmpty && snapshotInstall == nil && roleChange == nil
    }

    /// Empties the output.
    public mutating func removeAll(keepingCapacity: Bool = true) {
        persist = nil
        messages.removeAll(keepingCapacity: keepingCapacity)
        messagesAfterPersist.removeAll(keepingCapacity: keepingCapacity)
        sends.removeAll(keepingCapacity: keepingCapacity)
        leaderNoop = nil
        commitIndex = nil
        readStates.removeAll(keepingCapacity: keepingCapacity)
        readFailures.removeAll(keepingCapacity: keepingCapacity)
        snapshotInstall = nil
        roleChange = nil
    }
}
