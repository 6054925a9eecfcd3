extension RaftCore {
    /// The log's entries up to `index` may go, because the durable snapshot at `snapshotIndex` (at
    /// or after `index`, and applied) replaces them; peers that need them are offered the snapshot.
    /// An older snapshot than the known one changes nothing.
    public mutating func compact(through index: RaftIndex, snapshotIndex newIndex: RaftIndex) {
        precondition(
            index <= newIndex && newIndex <= commitIndex,
            "Compacting through \(index) with a snapshot at \(newIndex), committed \(commitIndex)")
        if newIndex > snapshotIndex, let newTerm = log.term(at: newIndex) {
            snapshotIndex = newIndex
            snapshotTerm = newTerm
        }
        log.compact(through: min(index, snapshotIndex))
        guard role == .leader else { return }
        // What the driver was asked to send and is gone now won't be sent.
        for position in peers.indices where peers[position].nextIndex <= log.baseIndex {
            peers[position].ticket = 0
            sendsAreDue = true
        }
    }

    /// The driver has made the snapshot at (`index`, `term`) durable, has given it to the state
    /// machine, and has replaced its whole log by it: the log is empty and begins after `index`.
    /// Commit and applied index are `index` from now on. A snapshot that isn't beyond what is
    /// committed changes nothing.
    public mutating func snapshotInstalled(index: RaftIndex, term: RaftTerm, now: RaftInstant) {
        installing = nil
        guard index > commitIndex else { return }
        if term > self.term { becomeFollower(term: term, leader: nil, now: now) }
        invariant(role != .leader, "a leader has every committed entry")
        log.reset(toSnapshot: index, term: term)
        durability.reset(toSnapshot: index)
        dropAcknowledgements(from: 0)
        output.leaderNoop = nil
        snapshotIndex = index
        snapshotTerm = term
        commitIndex = index
        appliedIndex = index
        verifiedIndex = index
        reportedCommitIndex = index
        if let leader {
            sendAfterPersist(.snapshotResponse(installed: true, index: index), to: leader)
        }
    }

    /// The snapshot couldn't be pulled or installed. The leader offers it again.
    public mutating func snapshotInstallFailed(now: RaftInstant) {
        guard let failed = installing else { return }
        installing = nil
        resetElectionTimer(now: now)
        if let leader, leader != nodeID {
            send(.snapshotResponse(installed: false, index: failed.index), to: leader)
        }
    }

    /// A follower is offered a snapshot (paper, section 7).
    mutating func takeSnapshotOffer(
        from sender: RaftNodeID, index: RaftIndex, term offeredTerm: RaftTerm, now: RaftInstant
    ) {
        guard follow(sender, now: now), installing == nil else { return }
        if index > commitIndex, log.term(at: index) == offeredTerm {
            // The log holds what the snapshot does: entries that agree at one place agree before it.
            commit(through: index)
        }
        guard index > commitIndex else {
            sendAfterPersist(.snapshotResponse(installed: true, index: commitIndex), to: sender)
            return
        }
        installing = (index, offeredTerm)
        output.snapshotInstall = (sender, index, offeredTerm)
    }

    /// Tells a peer that it can't be caught up from the log.
    mutating func offerSnapshot(to peer: Int) {
        if peers[peer].state != .snapshot { peers[peer].becomeSnapshot() }
        send(.snapshotOffer(index: snapshotIndex, term: snapshotTerm), to: peers[peer].id)
    }

    mutating func takeSnapshotResponse(from peer: Int, installed: Bool, index: RaftIndex) {
        // A failure is offered again when the peer answers the next heartbeat.
        guard installed, index <= lastIndex else { return }
        peers[peer].matchIndex = max(peers[peer].matchIndex, index)
        guard peers[peer].state == .snapshot, peers[peer].matchIndex >= log.baseIndex else {
            return
        }
        peers[peer].becomeProbe(nextIndex: peers[peer].matchIndex + 1)
        sendsAreDue = true
    }
}
