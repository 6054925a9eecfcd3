extension RaftCore {
    /// Takes `sender` for the leader of this term. False when that can't be: then its message is
    /// dropped.
    mutating func follow(_ sender: RaftNodeID, now: RaftInstant) -> Bool {
        switch role {
        case .leader:
            return false
        case .preCandidate, .candidate:
            becomeFollower(term: term, leader: sender, now: now)
        case .follower:
            guard leader == nil || leader == sender else { return false }
            leader = sender
        }
        noteLeaderContact(now: now)
        return true
    }

    /// Takes the entries that fit (paper, section 5.3, and figure 2, AppendEntries).
    mutating func takeAppend(
        _ append: RaftAppend, from sender: RaftNodeID, now: RaftInstant
    ) -> ClosedRange<RaftIndex>? {
        guard follow(sender, now: now), installing == nil else { return nil }
        guard append.lastIndex > commitIndex || append.previousIndex >= commitIndex else {
            acknowledge(through: commitIndex, to: sender)
            return nil
        }
        // What is committed here agrees with every later leader, so only what follows is compared.
        let agreed = max(append.previousIndex, commitIndex)
        guard log.term(at: agreed) == append.term(at: agreed) else {
            if append.previousIndex >= commitIndex { reject(append, to: sender) }
            return nil
        }
        let added = store(append, after: agreed)
        verifiedIndex = max(verifiedIndex, append.lastIndex)
        acknowledge(through: append.lastIndex, to: sender)
        commit(through: min(append.commitIndex, verifiedIndex))
        return added
    }

    /// Adds the entries after `agreed` that the log lacks; removes those that contradict them.
    private mutating func store(
        _ append: RaftAppend, after agreed: RaftIndex
    ) -> ClosedRange<RaftIndex>? {
        var first = agreed + 1
        while first <= min(append.lastIndex, lastIndex),
            log.term(at: first) == append.term(at: first)
        {
            first = min(log.lastIndexOfRun(at: first), append.lastIndexOfRun(at: first)) + 1
        }
        guard first <= append.lastIndex else { return nil }
        if first <= lastIndex { truncate(from: first) }
        let added = first...append.lastIndex
        while first <= append.lastIndex, let term = append.term(at: first) {
            let last = append.lastIndexOfRun(at: first)
            log.append(through: last, term: term)
            first = last + 1
        }
        return added
    }

    private mutating func truncate(from index: RaftIndex) {
        invariant(index > commitIndex, "a committed entry is never removed")
        log.truncate(from: index)
        durability.truncate(from: index)
        verifiedIndex = min(verifiedIndex, index - 1)
        if let noop = output.leaderNoop, noop.index >= index { output.leaderNoop = nil }
        dropAcknowledgements(from: index)
    }

    /// Acknowledgements that wait for the disk and cover entries that will never get there, because they
    /// were removed before they were handed out, are not sent.
    mutating func dropAcknowledgements(from index: RaftIndex) {
        output.messagesAfterPersist.removeAll { message in
            guard case .appendResponse(let response) = message.body,
                case .accepted(let matchIndex) = response.outcome
            else { return false }
            return matchIndex >= index
        }
    }

    /// Tells the leader, once all that is handed out by then is durable, that the logs agree.
    private mutating func acknowledge(through index: RaftIndex, to leader: RaftNodeID) {
        let response = RaftMessage(
            from: nodeID, to: leader, term: term,
            body: .appendResponse(
                RaftAppendResponse(
                    outcome: .accepted(matchIndex: index), countsForQuorum: mayVote)))
        // Appends between two drains become durable together: the last answer says it all.
        if let last = output.messagesAfterPersist.last, last.to == leader, last.term == term,
            case .appendResponse(let earlier) = last.body,
            earlier.countsForQuorum == mayVote,
            case .accepted(let matchIndex) = earlier.outcome
        {
            if index > matchIndex {
                output.messagesAfterPersist[output.messagesAfterPersist.count - 1] = response
            }
            return
        }
        output.messagesAfterPersist.append(response)
    }

    private mutating func reject(_ append: RaftAppend, to leader: RaftNodeID) {
        let hint = log.lastPossibleAgreement(
            atMost: min(append.previousIndex, lastIndex), term: append.previousTerm)
        send(
            .appendResponse(
                RaftAppendResponse(
                    outcome: .rejected(
                        previousIndex: append.previousIndex, hintIndex: hint.index,
                        hintTerm: hint.term, lastIndex: lastIndex),
                    countsForQuorum: mayVote)),
            to: leader)
    }

    mutating func takeHeartbeat(
        from sender: RaftNodeID, commitIndex leaderCommitIndex: RaftIndex, readSequence: UInt64,
        now: RaftInstant
    ) {
        guard follow(sender, now: now) else { return }
        if installing == nil { commit(through: min(leaderCommitIndex, verifiedIndex)) }
        send(
            .heartbeatResponse(
                readSequence: readSequence, lastIndex: verifiedIndex, countsForQuorum: mayVote),
            to: sender)
    }

    /// Moves the commit index forward, never back.
    mutating func commit(through index: RaftIndex) {
        guard index > commitIndex else { return }
        invariant(index <= lastIndex, "only entries in the log are committed")
        commitIndex = index
        verifiedIndex = max(verifiedIndex, index)
    }
}
