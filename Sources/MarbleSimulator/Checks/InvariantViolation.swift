/// A promise that was broken: which one, and by what.
package struct InvariantViolation: Error, Sendable, CustomStringConvertible {
    package enum Invariant: String, Sendable {
        case oneLeaderATerm = "one leader a term"
        case oneVoteATerm = "one vote a term"
        case termNeverGoesBack = "term and vote survive a crash"
        case acknowledgedIsDurable = "acknowledged entries survive a crash"
        case acknowledgedIsTheLeaders = "acknowledged entries are the leader's"
        case logMatching = "log matching"
        case commitOfOwnTerm = "a leader commits by counting only entries of its term"
        case leaderCompleteness = "leader completeness"
        case stateMachineSafety = "state machine safety"
        case sameState = "same state at the same index"
        case acknowledgedIsCommitted = "acknowledged writes are committed"
        case refusedHasNoEffect = "refused writes have no effect"
        case exactlyOnce = "a proposal is committed once and answered once"
        case linearizableReads = "linearizable reads"
        case progress = "progress after healing"
        case recovery = "a node starts again with what its disk holds"
    }

    package var invariant: Invariant
    package var detail: String

    package var description: String { "\(invariant.rawValue): \(detail)" }
}
