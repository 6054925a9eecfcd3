extension RaftCore {
    /// Hands leadership to `target`: proposals are refused, the target is caught up and told to campaign
    /// (thesis, section 3.10). If it hasn't won within an election timeout, this node goes on leading.
    ///
    /// - Returns: Why this can't be done; nil when it has begun.
    public mutating func transferLeadership(
        to target: RaftNodeID, now: RaftInstant
    ) -> RaftTransferRejection? {
        guard role == .leader else { return .notLeader(leader: leader) }
        guard target != nodeID else { return .alreadyLeader }
        guard let position = position(of: target) else { return .unknownTarget(target) }
        guard peers[position].countsForQuorum else { return .targetMayNotVote(target) }
        if let transfer {
            return transfer.target == target ? nil : .transferring(to: transfer.target)
        }
        transfer = (target, now.advanced(byNanoseconds: electionTimeoutNanoseconds))
        finishTransferIfCaughtUp(position)
        return nil
    }

    /// Tells the target of a transfer to campaign as soon as it has the whole log.
    mutating func finishTransferIfCaughtUp(_ peer: Int) {
        guard let transfer, transfer.target == peers[peer].id,
            peers[peer].matchIndex == lastIndex
        else { return }
        send(.timeoutNow, to: transfer.target)
    }
}
