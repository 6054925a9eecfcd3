extension RaftCore {
    /// The message of a send, for its entries up to and including `last` (`send.previousIndex` for none).
    /// The driver attaches the payloads. Nil when the send is out of date, because the role has
    /// changed or the log was compacted: then the driver calls `sendFailed`, or just forgets it.
    public func appendMessage(for send: RaftSend, through last: RaftIndex) -> RaftMessage? {
        guard role == .leader, send.term == term, send.previousIndex >= log.baseIndex else {
            return nil
        }
        precondition(
            last >= send.previousIndex && last <= send.last, "\(send) doesn't reach \(last)")
        return RaftMessage(
            from: nodeID, to: send.to, term: term,
            body: .appendRequest(
                RaftAppend(
                    previousIndex: send.previousIndex, previousTerm: send.previousTerm,
                    termRuns: log.runs(from: send.first, through: last), lastIndex: last,
                    commitIndex: commitIndex)))
    }

    /// A send's message left, with the entries up to and including `last` and `byteCount` bytes of
    /// payload. More sends may follow.
    public mutating func didSend(
        to peer: RaftNodeID, ticket: UInt64, through last: RaftIndex, byteCount: Int
    ) {
        guard let position = outstanding(ticket, to: peer) else { return }
        precondition(
            last >= peers[position].nextIndex - 1 && last <= peers[position].offeredLastIndex
                && byteCount >= 0,
            "Sent through \(last), which wasn't asked for: \(peers[position])")
        peers[position].ticket = 0
        peers[position].needsProbe = false
        peers[position].sentCommitIndex = peers[position].offeredCommitIndex
        if peers[position].sentCommitIndex == commitIndex {
            peers[position].owesCommitNotice = false
            forgetCommitNoticeIfTold()
        }
        sendsAreDue = true
        switch peers[position].state {
        case .probe:
            peers[position].isPaused = true
        case .replicate:
            guard last >= peers[position].nextIndex else {
                // A driver that leaves out all entries would be asked for them at once, for ever.
                peers[position].isPaused = peers[position].offeredLastIndex > last
                return
            }
            peers[position].inFlight.add(lastIndex: last, byteCount: byteCount)
            peers[position].nextIndex = last + 1
        case .snapshot:
            break
        }
    }

    /// Nobody who takes entries waits for word of a commit: the notice needn't be sent.
    private mutating func forgetCommitNoticeIfTold() {
        guard commitNoticeDeadline != nil else { return }
        for peer in peers where peer.state == .replicate && peer.sentCommitIndex < commitIndex {
            return
        }
        commitNoticeDeadline = nil
    }

    /// A send's message couldn't leave: the entries are gone, or the stream is full. The peer gets
    /// nothing until it is heard again.
    public mutating func sendFailed(to peer: RaftNodeID, ticket: UInt64) {
        guard let position = outstanding(ticket, to: peer) else { return }
        peers[position].ticket = 0
        peers[position].isPaused = true
    }

    /// The connection to a peer broke: what was in flight may be lost. Sending goes on once the peer is
    /// heard again.
    public mutating func peerUnreachable(_ peer: RaftNodeID) {
        guard role == .leader, let position = position(of: peer) else { return }
        if peers[position].state != .snapshot {
            peers[position].becomeProbe(nextIndex: peers[position].matchIndex + 1)
        }
        peers[position].isPaused = true
    }

    /// There is a new connection to a peer: ask at once what it has, instead of at the next heartbeat.
    public mutating func peerReachable(_ peer: RaftNodeID) {
        guard role == .leader, let position = position(of: peer) else { return }
        send(
            .heartbeat(
                commitIndex: min(peers[position].matchIndex, commitIndex),
                readSequence: readSequence),
            to: peer)
    }

    private func outstanding(_ ticket: UInt64, to peer: RaftNodeID) -> Int? {
        guard role == .leader, ticket != 0, let position = position(of: peer),
            peers[position].ticket == ticket
        else { return nil }
        return position
    }

    /// Decides what each peer gets next. Only done when the output is drained, so that all proposals
    /// between two drains go out together.
    mutating func collectSends() {
        guard sendsAreDue, role == .leader else { return }
        sendsAreDue = false
        for position in peers.indices { collectSend(to: position) }
    }

    private mutating func collectSend(to position: Int) {
        let peer = peers[position]
        guard peer.ticket == 0, !peer.isPaused, peer.state != .snapshot else { return }
        let previous = peer.nextIndex - 1
        guard let previousTerm = log.term(at: previous) else {
            offerSnapshot(to: position)
            return
        }
        let isFull =
            peer.inFlight.count >= configuration.maxInFlightMessages
            || peer.inFlight.byteCount >= configuration.maxInFlightBytes
        var last = previous
        if !isFull {
            last = min(lastIndex, previous + RaftIndex(configuration.maxEntriesPerSend))
        }
        if last == previous, peer.state == .replicate, !peer.needsProbe {
            // An empty append is worth a message only for what it says of the commit index.
            guard !isFull, peer.owesCommitNotice, peer.sentCommitIndex < commitIndex else { return }
        }
        lastTicket += 1
        peers[position].ticket = lastTicket
        peers[position].offeredLastIndex = last
        peers[position].offeredCommitIndex = commitIndex
        output.sends.append(
            RaftSend(
                to: peer.id, term: term, previousIndex: previous, previousTerm: previousTerm,
                first: previous + 1, last: last, ticket: lastTicket))
    }
}
