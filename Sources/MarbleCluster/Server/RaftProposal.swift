public import MarbleRaft
public import NIOCore

/// What became of a proposal: its place in the log, and what the state machine answered.
public struct RaftProposalResult: Sendable {
    /// Tells the proposer which of its proposals this is; see `RaftProposalOwner`.
    package var token: UInt64
    /// The entry's index in the group's log.
    public var index: RaftIndex
    /// The term in which the entry was proposed.
    public var term: RaftTerm
    /// The state machine's outcome for the entry.
    public var outcome: ByteBuffer

    package init(token: UInt64, index: RaftIndex, term: RaftTerm, outcome: ByteBuffer) {
        self.token = token
        self.index = index
        self.term = term
        self.outcome = outcome
    }
}

/// Whoever proposes in bulk and wants the outcomes in bulk. Both are called on the group's event
/// loop; each token is answered exactly once.
package protocol RaftProposalOwner: AnyObject, Sendable {
    /// Committed and applied on this node, in log order.
    func proposalsApplied(_ results: [RaftProposalResult])
    /// Not taken, or lost; the error's code says whether the outcome is known.
    func proposalsFailed(_ tokens: [UInt64], _ error: RaftError)
}
