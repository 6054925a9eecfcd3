extension RaftCore {
    /// Whether draining might yield something. Cheap; may be true for an output that is then empty.
    public var hasOutput: Bool {
        sendsAreDue || readRoundIsDue || commitIndex != reportedCommitIndex
            || !output.messages.isEmpty || !output.messagesAfterPersist.isEmpty
            || durability.hasPending(logLastIndex: lastIndex)
            || term != reportedTerm || role != reportedRole || leader != reportedLeader
            || votedFor != reportedHardState.votedFor
            || !output.readStates.isEmpty || !output.readFailures.isEmpty
            || output.snapshotInstall != nil
    }

    /// Moves everything that has gathered into `result`, whose earlier content is discarded and whose
    /// capacity is reused. `RaftOutput` says what must be done, and in which order.
    public mutating func takeOutput(into result: inout RaftOutput) {
        collectSends()
        beginReadRound()
        checkInvariants()
        result.removeAll(keepingCapacity: true)
        swap(&result, &output)
        let state = hardState
        result.persist = durability.takePersist(
            logLastIndex: lastIndex, hardState: state == reportedHardState ? nil : state)
        reportedHardState = state
        if commitIndex != reportedCommitIndex {
            reportedCommitIndex = commitIndex
            result.commitIndex = commitIndex
        }
        if role != reportedRole || term != reportedTerm || leader != reportedLeader {
            reportedRole = role
            reportedTerm = term
            reportedLeader = leader
            result.roleChange = (role, term, leader)
        }
        voteRequestsLeft = true
    }
}
