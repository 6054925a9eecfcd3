extension RaftCore {
    /// Takes `count` entries with `byteCount` bytes of payload into the log, as one batch.
    ///
    /// - Returns: The index of the first of them, whose payloads the driver keeps. A new leader
    ///   refuses until its `leaderNoop` has been drained, so that entries come to the driver in order.
    public mutating func propose(
        count: Int, byteCount: Int, now: RaftInstant
    ) -> Result<RaftIndex, RaftProposalRejection> {
        precondition(count > 0 && byteCount >= 0, "A proposal has entries")
        guard role == .leader else { return .failure(.notLeader(leader: leader)) }
        guard output.leaderNoop == nil else { return .failure(.notLeader(leader: nil)) }
        guard transfer == nil else { return .failure(.transferring) }
        let first = lastIndex + 1
        log.append(through: lastIndex + RaftIndex(count), term: term)
        uncommitted.add(lastIndex: lastIndex, byteCount: byteCount)
        sendsAreDue = true
        return .success(first)
    }

    /// Everything up to and including the persist with this number is durable.
    public mutating func persisted(sequence: UInt64, now: RaftInstant) {
        durability.persisted(through: sequence)
        if role == .leader { commitByQuorum(now: now) }
    }

    /// The state machine has applied the entries up to and including `index`.
    public mutating func applied(through index: RaftIndex) {
        invariant(index <= commitIndex, "only committed entries are applied")
        appliedIndex = max(appliedIndex, index)
    }

    /// Commits what a quorum has made durable, if it is of this term (paper, sections 5.3, 5.4.2).
    private mutating func commitByQuorum(now: RaftInstant) {
        let index = quorumMatchIndex()
        guard index > commitIndex else { return }
        guard index >= noopIndex || configuration.plantedBug == .commitsOlderTermByCount else {
            return
        }
        commit(through: index)
        uncommitted.release(through: index)
        if commitNoticeNanoseconds == 0 {
            owesCommitNotice()
        } else if commitNoticeDeadline == nil {
            commitNoticeDeadline = now.advanced(byNanoseconds: commitNoticeNanoseconds)
        }
    }

    /// Followers are to hear of the commit index, by entries or by a message for that alone.
    mutating func owesCommitNotice() {
        for position in peers.indices { peers[position].owesCommitNotice = true }
        sendsAreDue = true
    }

    /// The last entry that a quorum has durably: the quorum-th largest of what the members have.
    private func quorumMatchIndex() -> RaftIndex {
        let own = mayVote ? persistedIndex : 0
        var best = hasQuorum(at: own) ? own : 0
        for position in peers.indices {
            let index = peers[position].quorumMatchIndex
            if index > best, hasQuorum(at: index) { best = index }
        }
        return best
    }

    private func hasQuorum(at index: RaftIndex) -> Bool {
        var count = mayVote && persistedIndex >= index ? 1 : 0
        for position in peers.indices where peers[position].quorumMatchIndex >= index {
            count += 1
        }
        return count >= quorumSize
    }

    mutating func broadcastHeartbeat() {
        for position in peers.indices {
            send(
                .heartbeat(
                    commitIndex: min(peers[position].matchIndex, commitIndex),
                    readSequence: readSequence),
                to: peers[position].id)
        }
    }

    // MARK: What peers answer

    mutating func takeProgress(_ body: RaftMessage.Body, from peer: Int, now: RaftInstant) {
        peers[peer].recentlyActive = true
        switch body {
        case .appendResponse(let response):
            note(countsForQuorum: response.countsForQuorum, of: peer)
            switch response.outcome {
            case .accepted(let matchIndex):
                takeAccepted(matchIndex, from: peer, now: now)
            case .rejected(let previousIndex, let hintIndex, let hintTerm, _):
                takeRejected(
                    previousIndex: previousIndex, hintIndex: hintIndex, hintTerm: hintTerm,
                    from: peer)
            }
        case .heartbeatResponse(let readSequence, let lastIndex, let countsForQuorum):
            note(countsForQuorum: countsForQuorum, of: peer)
            takeHeartbeatResponse(readSequence: readSequence, lastIndex: lastIndex, from: peer)
        case .snapshotResponse(let installed, let index):
            takeSnapshotResponse(from: peer, installed: installed, index: index)
        default:
            break
        }
    }

    private mutating func note(countsForQuorum: Bool, of peer: Int) {
        peers[peer].countsForQuorum = countsForQuorum
        if !countsForQuorum {
            peers[peer].quorumMatchIndex = 0
            peers[peer].readSequence = 0
        }
    }

    private mutating func takeAccepted(
        _ matchIndex: RaftIndex, from peer: Int, now: RaftInstant
    ) {
        guard matchIndex <= lastIndex else { return }
        peers[peer].matchIndex = max(peers[peer].matchIndex, matchIndex)
        peers[peer].isPaused = false
        sendsAreDue = true
        switch peers[peer].state {
        case .probe:
            peers[peer].becomeReplicate()
        case .replicate:
            peers[peer].inFlight.release(through: matchIndex)
            if peers[peer].matchIndex >= peers[peer].nextIndex {
                // An answer to what was sent before a probe: the send in hand, if any, is overtaken.
                peers[peer].nextIndex = peers[peer].matchIndex + 1
                peers[peer].ticket = 0
            }
        case .snapshot:
            if peers[peer].matchIndex >= log.baseIndex { peers[peer].becomeReplicate() }
        }
        if peers[peer].countsForQuorum, matchIndex > peers[peer].quorumMatchIndex {
            peers[peer].quorumMatchIndex = matchIndex
            commitByQuorum(now: now)
        }
        finishTransferIfCaughtUp(peer)
    }

    /// The logs differ at `previousIndex`: probe where they can agree at most.
    private mutating func takeRejected(
        previousIndex: RaftIndex, hintIndex: RaftIndex, hintTerm: RaftTerm, from peer: Int
    ) {
        if !peers[peer].countsForQuorum { lowerMatch(to: hintIndex, of: peer) }
        // What a peer has acknowledged it has: such a rejection is an old one.
        guard previousIndex > peers[peer].matchIndex else { return }
        switch peers[peer].state {
        case .snapshot:
            return
        case .probe:
            guard previousIndex == peers[peer].nextIndex - 1 else { return }
        case .replicate:
            guard previousIndex < peers[peer].nextIndex else { return }
        }
        let agreement = log.lastPossibleAgreement(atMost: hintIndex, term: hintTerm)
        let next = min(previousIndex, agreement.index + 1)
        peers[peer].becomeProbe(nextIndex: max(peers[peer].matchIndex + 1, next))
        sendsAreDue = true
    }

    private mutating func takeHeartbeatResponse(
        readSequence: UInt64, lastIndex peerLastIndex: RaftIndex, from peer: Int
    ) {
        peers[peer].isPaused = false
        sendsAreDue = true
        if peers[peer].countsForQuorum, readSequence <= self.readSequence {
            peers[peer].readSequence = max(peers[peer].readSequence, readSequence)
            answerConfirmedReads()
        } else if !peers[peer].countsForQuorum {
            lowerMatch(to: peerLastIndex, of: peer)
        }
        switch peers[peer].state {
        case .snapshot:
            if peerLastIndex >= log.baseIndex {
                peers[peer].becomeProbe(nextIndex: min(peerLastIndex, lastIndex) + 1)
            } else {
                offerSnapshot(to: peer)
            }
        case .probe, .replicate:
            // Something is unanswered, or the peer lacks what it was sent: ask for its answer again.
            // The question follows what is in flight, so that in the usual case it is accepted.
            let sent = peers[peer].nextIndex - 1
            let isUncounted =
                peers[peer].countsForQuorum
                && peers[peer].quorumMatchIndex < peers[peer].matchIndex
            if peers[peer].matchIndex < sent || peerLastIndex < sent || isUncounted {
                peers[peer].needsProbe = true
            }
        }
        finishTransferIfCaughtUp(peer)
    }

    /// A member that doesn't count may have lost what it once acknowledged.
    private mutating func lowerMatch(to index: RaftIndex, of peer: Int) {
        guard index < peers[peer].matchIndex else { return }
        peers[peer].matchIndex = index
        if peers[peer].state != .snapshot { peers[peer].becomeProbe(nextIndex: index + 1) }
        sendsAreDue = true
    }
}
