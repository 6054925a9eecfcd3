extension RaftCore {
    /// When `tick(now:)` must be called next. It moves with every input.
    public var nextDeadline: RaftInstant {
        guard role == .leader else { return electionDeadline }
        var deadline = heartbeatDeadline
        if configuration.checkQuorum { deadline = min(deadline, quorumDeadline) }
        if let transfer { deadline = min(deadline, transfer.deadline) }
        if let commitNoticeDeadline { deadline = min(deadline, commitNoticeDeadline) }
        return deadline
    }

    /// Tells the time. Does nothing before `nextDeadline`.
    public mutating func tick(now: RaftInstant) {
        guard role == .leader else {
            if now >= electionDeadline { electionTimedOut(now: now) }
            return
        }
        if now >= quorumDeadline {
            quorumDeadline = now.advanced(byNanoseconds: electionTimeoutNanoseconds)
            if configuration.checkQuorum, !heardFromQuorum() {
                becomeFollower(term: term, leader: nil, now: now)
                return
            }
        }
        if let transfer, now >= transfer.deadline {
            self.transfer = nil
        }
        if let deadline = commitNoticeDeadline, now >= deadline {
            commitNoticeDeadline = nil
            owesCommitNotice()
        }
        if now >= heartbeatDeadline {
            heartbeatDeadline = now.advanced(byNanoseconds: heartbeatNanoseconds)
            broadcastHeartbeat()
        }
    }

    /// Draws a new timeout in [electionTimeout, 2 × electionTimeout) and starts it (paper, 5.2).
    mutating func resetElectionTimer(now: RaftInstant) {
        let (timeout, overflow) = electionTimeoutNanoseconds.addingReportingOverflow(
            random.next(below: max(1, electionTimeoutNanoseconds)))
        randomizedTimeoutNanoseconds = overflow ? .max : timeout
        electionDeadline = now.advanced(byNanoseconds: randomizedTimeoutNanoseconds)
    }

    /// The leader was heard: its followers wait anew.
    mutating func noteLeaderContact(now: RaftInstant) {
        lastLeaderContact = now
        electionDeadline = now.advanced(byNanoseconds: randomizedTimeoutNanoseconds)
    }

    /// Whether a leader was heard within the shortest election timeout, so that nobody has reason
    /// to campaign (thesis, section 4.2.3).
    func hearsLeader(now: RaftInstant) -> Bool {
        if role == .leader { return configuration.checkQuorum }
        guard configuration.preVote || configuration.checkQuorum else { return false }
        guard leader != nil, let lastLeaderContact else { return false }
        return now < lastLeaderContact.advanced(byNanoseconds: electionTimeoutNanoseconds)
    }

    /// Whether a quorum spoke since the last time this was asked.
    private mutating func heardFromQuorum() -> Bool {
        var count = mayVote ? 1 : 0
        for position in peers.indices {
            if peers[position].recentlyActive, peers[position].countsForQuorum { count += 1 }
            peers[position].recentlyActive = false
        }
        return count >= quorumSize
    }

    private mutating func electionTimedOut(now: RaftInstant) {
        if mayVote, installing == nil {
            if configuration.preVote {
                becomePreCandidate(now: now)
            } else {
                becomeCandidate(isLeadershipTransfer: false, now: now)
            }
        } else {
            leader = nil
            resetElectionTimer(now: now)
        }
    }
}
