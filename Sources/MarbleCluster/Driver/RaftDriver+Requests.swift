package import MarbleRaft
package import NIOCore

/// What users of the group ask for.
extension RaftDriver {
    /// Proposes commands in a row; the owner hears of each by its token, from `firstToken` up.
    package func propose(
        _ payloads: [ByteBuffer], owner: any RaftProposalOwner, firstToken: UInt64,
        now: RaftInstant
    ) {
        self.now = now
        guard !payloads.isEmpty else { return }
        var byteCount = 0
        for payload in payloads {
            guard payload.readableBytes <= configuration.entryByteCountMax else {
                return refuse(payloads, owner, firstToken, tooLarge(payload.readableBytes))
            }
            byteCount += payload.readableBytes
        }
        guard proposals.byteCount + byteCount <= configuration.pendingByteCountMax else {
            return refuse(payloads, owner, firstToken, Self.overloaded)
        }
        switch core.propose(count: payloads.count, byteCount: byteCount, now: now) {
        case .failure(let rejection):
            refuse(payloads, owner, firstToken, Self.error(for: rejection))
        case .success(let first):
            let term = core.term
            proposals.truncated(from: first)
            if tail.endIndex != first { makeTailEnd(at: first) }
            for (offset, payload) in payloads.enumerated() {
                let index = first + UInt64(offset)
                tail.append(
                    RaftEntry(index: index, term: term, kind: .command, payload: payload))
                proposals.add(
                    index: index, term: term, token: firstToken + UInt64(offset),
                    byteCount: payload.readableBytes, owner: owner)
            }
        }
    }

    private func refuse(
        _ payloads: [ByteBuffer], _ owner: any RaftProposalOwner, _ firstToken: UInt64,
        _ error: RaftError
    ) {
        owner.proposalsFailed(
            (0..<UInt64(payloads.count)).map { firstToken + $0 }, error)
    }

    private static func error(for rejection: RaftProposalRejection) -> RaftError {
        switch rejection {
        case .notLeader:
            RaftError(.notLeader, "this node doesn't lead the group; write to its leader")
        case .transferring:
            RaftError(.unavailable, "leadership is being handed over; try again shortly")
        }
    }

    private func tooLarge(_ byteCount: Int) -> RaftError {
        RaftError(
            .tooLarge,
            "an entry of \(byteCount) bytes is over the limit of \(configuration.entryByteCountMax); write smaller batches"
        )
    }

    private static let overloaded = RaftError(
        .overloaded, "too many writes wait for their commit already; try again later")

    /// Answers once the state machine has applied everything that was committed when this was
    /// called (ReadIndex), with the index that it has reached at least.
    package func readIndex(
        now: RaftInstant, _ completion: @escaping @Sendable (Result<RaftIndex, RaftError>) -> Void
    ) {
        self.now = now
        reads.add(completion)
    }

    package func transferLeadership(to node: RaftNodeID, now: RaftInstant)
        -> RaftTransferRejection?
    {
        self.now = now
        return core.transferLeadership(to: node, now: now)
    }

    /// The connection to a peer broke: what was in flight to it may be lost.
    package func peerUnreachable(_ peer: RaftNodeID, now: RaftInstant) {
        self.now = now
        core.peerUnreachable(peer)
    }

    /// There is a new connection to a peer.
    package func peerReachable(_ peer: RaftNodeID, now: RaftInstant) {
        self.now = now
        core.peerReachable(peer)
    }

    /// Every other member knows this seat by its data directory, or not at all: it may vote.
    package func allowVoting(now: RaftInstant) {
        self.now = now
        core.allowVoting()
    }

    /// The group won't run any longer on this node.
    package func stop() {
        proposals.failAll(Self.stopped)
        reads.failAll(Self.stopped)
    }

    private static let stopped = RaftError(
        .stopped, "the node is shutting down; write to another node")
}
