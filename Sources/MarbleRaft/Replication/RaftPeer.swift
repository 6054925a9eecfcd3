/// Another member, as a candidate and a leader see it (`tracker.Progress` to readers of etcd's Raft).
struct RaftPeer: Sendable {
    let id: RaftNodeID

    /// The answer to this node's last request for a vote or pre-vote.
    var vote: Bool?

    /// The last entry that the peer has durably and that agrees with the leader's log.
    var matchIndex: RaftIndex = 0
    /// The part of `matchIndex` that counts in quorums: 0 while the peer may not vote.
    var quorumMatchIndex: RaftIndex = 0
    var nextIndex: RaftIndex = 1
    var state = RaftProgress.State.probe
    /// Nothing is sent until the peer is heard again: a probe is out, or the driver couldn't send.
    var isPaused = false
    /// An append without entries is due, to find out whether what was sent arrived.
    var needsProbe = false
    var recentlyActive = false
    var countsForQuorum = true
    /// The latest round of reads that the peer confirmed.
    var readSequence: UInt64 = 0
    /// The `RaftSend` that the driver has in hand; 0 for none.
    var ticket: UInt64 = 0
    /// The last entry of that send.
    var offeredLastIndex: RaftIndex = 0
    /// The commit index that goes with that send, and the one that went with the last.
    var offeredCommitIndex: RaftIndex = 0
    var sentCommitIndex: RaftIndex = 0
    /// Whether an append without entries is worth sending for what it says of the commit index.
    var owesCommitNotice = false
    var inFlight = RaftByteWindow()

    init(id: RaftNodeID) {
        self.id = id
    }

    /// Forgets everything of an earlier leadership.
    mutating func resetForLeadership(nextIndex: RaftIndex) {
        matchIndex = 0
        quorumMatchIndex = 0
        recentlyActive = false
        countsForQuorum = true
        readSequence = 0
        offeredCommitIndex = 0
        sentCommitIndex = 0
        owesCommitNotice = false
        becomeProbe(nextIndex: nextIndex)
    }

    mutating func becomeProbe(nextIndex: RaftIndex) {
        state = .probe
        self.nextIndex = nextIndex
        isPaused = false
        needsProbe = false
        ticket = 0
        inFlight.removeAll()
    }

    mutating func becomeReplicate() {
        becomeProbe(nextIndex: matchIndex + 1)
        state = .replicate
    }

    mutating func becomeSnapshot() {
        becomeProbe(nextIndex: nextIndex)
        state = .snapshot
    }
}
