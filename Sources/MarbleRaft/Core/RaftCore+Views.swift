extension RaftCore {
    /// The last entry of the log, durable or not.
    public var lastIndex: RaftIndex { log.lastIndex }

    /// The first entry that the log still has; `lastIndex + 1` when it has none.
    public var firstIndex: RaftIndex { log.baseIndex + 1 }

    /// The last entry up to which the log is durable on this node.
    public var persistedIndex: RaftIndex { durability.persistedIndex }

    /// Payload bytes that this leader has taken and not yet committed.
    public var uncommittedByteCount: Int { uncommitted.byteCount }

    /// Term and vote as they are now, durable or not.
    public var hardState: RaftHardState { RaftHardState(term: term, votedFor: votedFor) }

    /// Where leadership is being handed to.
    public var transferTarget: RaftNodeID? { transfer?.target }

    /// The term of an entry; nil when it is compacted away or beyond the end.
    public func term(at index: RaftIndex) -> RaftTerm? {
        log.term(at: index)
    }

    /// What this leader knows of a member's log, its own included; nil when this node doesn't
    /// lead or `member` has no seat.
    public func progress(of member: RaftNodeID) -> RaftProgress? {
        guard role == .leader else { return nil }
        if member == nodeID {
            return RaftProgress(
                matchIndex: persistedIndex, nextIndex: lastIndex + 1, state: .replicate,
                recentlyActive: true, countsForQuorum: mayVote)
        }
        guard let position = position(of: member) else { return nil }
        let peer = peers[position]
        return RaftProgress(
            matchIndex: peer.matchIndex, nextIndex: peer.nextIndex, state: peer.state,
            recentlyActive: peer.recentlyActive, countsForQuorum: peer.countsForQuorum)
    }

    func position(of member: RaftNodeID) -> Int? {
        for position in peers.indices where peers[position].id == member { return position }
        return nil
    }

    /// Traps with the core's state when an invariant of the core itself is broken. Never for what
    /// a message says.
    func invariant(_ holds: @autoclosure () -> Bool, _ what: StaticString) {
        guard !holds() else { return }
        fatalError("Raft invariant broken: \(what)\n\(dump)")
    }

    func checkInvariants() {
        invariant(appliedIndex <= commitIndex, "applied entries are committed")
        invariant(commitIndex <= lastIndex, "committed entries are in the log")
        invariant(log.baseIndex <= snapshotIndex, "a snapshot covers what is compacted")
        invariant(snapshotIndex <= commitIndex, "a snapshot holds committed entries")
        invariant(persistedIndex <= lastIndex, "durable entries are in the log")
        invariant(
            commitIndex <= verifiedIndex && verifiedIndex <= lastIndex,
            "what agrees with the leader is in the log and covers what is committed")
        invariant(log.lastTerm <= term, "no entry is of a term to come")
        invariant(role != .leader || leader == nodeID, "a leader knows that it leads")
    }

    private var dump: String {
        """
        node \(nodeID) \(role) term \(term) vote \(votedFor ?? 0) leader \(leader ?? 0) \
        mayVote \(mayVote)
        commit \(commitIndex) applied \(appliedIndex) verified \(verifiedIndex) \
        snapshot \(snapshotIndex)@\(snapshotTerm)
        log \(log)
        durability \(durability)
        peers \(peers)
        """
    }
}
