extension RaftCore {
    /// Lets this node vote, campaign and count. The driver calls it for a new seat once every other
    /// member has said that it doesn't know the seat by another disk.
    public mutating func allowVoting() {
        mayVote = true
    }

    /// Follows `leader` (nil: nobody yet) in `term`, which is this term or a later one.
    mutating func becomeFollower(
        term newTerm: RaftTerm, leader newLeader: RaftNodeID?, now: RaftInstant
    ) {
        invariant(newTerm >= term, "terms never go back")
        if newTerm > term {
            term = newTerm
            votedFor = nil
            verifiedIndex = commitIndex
        }
        if role == .leader { abdicate() }
        // A follower that is told of a later term goes on waiting: only a leader's word or a granted
        // vote lets it wait anew.
        if role != .follower { resetElectionTimer(now: now) }
        role = .follower
        leader = newLeader
    }

    mutating func becomePreCandidate(now: RaftInstant) {
        beginBallot(now: now)
        role = .preCandidate
        guard !tally(now: now) else { return }
        for position in peers.indices {
            output.messages.append(
                RaftMessage(
                    from: nodeID, to: peers[position].id, term: term + 1,
                    body: .preVoteRequest(lastIndex: lastIndex, lastTerm: log.lastTerm)))
        }
    }

    mutating func becomeCandidate(isLeadershipTransfer: Bool, now: RaftInstant) {
        beginBallot(now: now)
        role = .candidate
        term += 1
        votedFor = nodeID
        verifiedIndex = commitIndex
        voteRequestsLeft = false
        guard !tally(now: now) else { return }
        for position in peers.indices {
            sendAfterPersist(
                .voteRequest(
                    lastIndex: lastIndex, lastTerm: log.lastTerm,
                    isLeadershipTransfer: isLeadershipTransfer),
                to: peers[position].id)
        }
    }

    private mutating func beginBallot(now: RaftInstant) {
        invariant(mayVote && installing == nil && role != .leader, "only a voter campaigns")
        leader = nil
        for position in peers.indices { peers[position].vote = nil }
        resetElectionTimer(now: now)
    }

    /// Goes on when the ballot is decided; true if it is.
    @discardableResult
    private mutating func tally(now: RaftInstant) -> Bool {
        var granted = 1
        var refused = 0
        for position in peers.indices {
            switch peers[position].vote {
            case true: granted += 1
            case false: refused += 1
            default: break
            }
        }
        if granted >= quorumSize {
            if role == .preCandidate {
                becomeCandidate(isLeadershipTransfer: false, now: now)
            } else {
                becomeLeader(now: now)
            }
            return true
        }
        guard peers.count + 1 - refused < quorumSize else { return false }
        role = .follower
        return true
    }

    /// Begins a term's leadership with an entry of its own, so that entries of earlier terms can
    /// be committed with it (paper, sections 5.4.2 and 8).
    private mutating func becomeLeader(now: RaftInstant) {
        role = .leader
        leader = nodeID
        for position in peers.indices {
            peers[position].resetForLeadership(nextIndex: lastIndex + 1)
        }
        noopIndex = lastIndex + 1
        log.append(through: noopIndex, term: term)
        output.leaderNoop = (noopIndex, term)
        readSequence = 0
        heartbeatDeadline = now.advanced(byNanoseconds: heartbeatNanoseconds)
        quorumDeadline = now.advanced(byNanoseconds: electionTimeoutNanoseconds)
        sendsAreDue = true
    }

    /// Gives up what only a leader has.
    private mutating func abdicate() {
        failReads()
        transfer = nil
        commitNoticeDeadline = nil
        uncommitted.removeAll()
        sendsAreDue = false
    }

    // MARK: Requests

    /// Answers whether this node would vote for the sender in the term of the request. The answer
    /// binds nobody, so nothing needs to be durable.
    mutating func answerPreVote(
        _ message: RaftMessage, lastIndex: RaftIndex, lastTerm: RaftTerm, now: RaftInstant
    ) {
        let granted =
            mayVote && message.term > term && role != .leader && !hearsLeader(now: now)
            && isUpToDate(lastIndex: lastIndex, lastTerm: lastTerm)
        output.messages.append(
            RaftMessage(
                from: nodeID, to: message.from, term: granted ? message.term : term,
                body: .preVoteResponse(granted: granted)))
    }

    /// Answers a vote request of this term (paper, sections 5.2 and 5.4.1).
    mutating func answerVote(
        from candidate: RaftNodeID, lastIndex: RaftIndex, lastTerm: RaftTerm, now: RaftInstant
    ) {
        let isFree =
            votedFor == nil && leader == nil || votedFor == candidate
            || configuration.plantedBug == .votesTwice
        guard mayVote, isFree, isUpToDate(lastIndex: lastIndex, lastTerm: lastTerm) else {
            send(.voteResponse(granted: false), to: candidate)
            return
        }
        votedFor = candidate
        resetElectionTimer(now: now)
        sendAfterPersist(.voteResponse(granted: true), to: candidate)
    }

    /// Whether a log that ends so is at least as up-to-date as this node's (paper, section 5.4.1).
    private func isUpToDate(lastIndex: RaftIndex, lastTerm: RaftTerm) -> Bool {
        lastTerm > log.lastTerm || lastTerm == log.lastTerm && lastIndex >= self.lastIndex
    }

    /// The leader hands over: campaign at once, without a pre-vote (thesis, section 3.10).
    mutating func takeTimeoutNow(from sender: RaftNodeID, now: RaftInstant) {
        guard follow(sender, now: now), mayVote, installing == nil else { return }
        becomeCandidate(isLeadershipTransfer: true, now: now)
    }

    // MARK: Responses

    mutating func takePreVoteResponse(
        _ sender: Int, term responseTerm: RaftTerm, granted: Bool, now: RaftInstant
    ) {
        guard role == .preCandidate, responseTerm == (granted ? term + 1 : term) else { return }
        peers[sender].vote = granted
        tally(now: now)
    }

    mutating func takeVoteResponse(_ sender: Int, granted: Bool, now: RaftInstant) {
        guard role == .candidate, voteRequestsLeft else { return }
        peers[sender].vote = granted
        tally(now: now)
    }
}
