/// The answer to an append message.
public struct RaftAppendResponse: Equatable, Sendable {
    /// What came of the append.
    public var outcome: Outcome
    /// False from a member that may not vote: the leader goes on sending to it and never counts it.
    public var countsForQuorum: Bool

    /// Creates an answer.
    public init(outcome: Outcome, countsForQuorum: Bool) {
        self.outcome = outcome
        self.countsForQuorum = countsForQuorum
    }

    /// The two outcomes of an append.
    public enum Outcome: Equatable, Sendable {
        /// The sender's log agrees with the leader's up to `matchIndex`, durably.
        case accepted(matchIndex: RaftIndex)
        /// The entry at `previousIndex`, as asked, isn't there. The logs can agree at most up to
        /// `hintIndex`, whose term here is `hintTerm`; `lastIndex` ends the sender's log (thesis,
        /// page 23: a whole term is skipped at once).
        case rejected(
            previousIndex: RaftIndex, hintIndex: RaftIndex, hintTerm: RaftTerm,
            lastIndex: RaftIndex)
    }
}
