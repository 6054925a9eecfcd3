extension RaftCore {
    /// Asks from which index on a read is linearizable (thesis, section 6.4). The answer comes as a
    /// read state or a read failure with the same context. A leader confirms with a quorum, once for
    /// all requests between two drains; a follower asks its leader, and the network may lose that:
    /// the driver asks again after a while.
    public mutating func readIndex(context: UInt64, now: RaftInstant) {
        if role == .leader {
            enqueueRead(RaftReadQueue.Request(context: context, origin: nil))
        } else if let leader {
            send(.readIndexRequest(context: context), to: leader)
        } else {
            output.readFailures.append(context)
        }
    }

    mutating func takeReadIndexRequest(context: UInt64, from sender: RaftNodeID) {
        guard role == .leader else {
            send(.readIndexResponse(context: context, index: nil), to: sender)
            return
        }
        enqueueRead(RaftReadQueue.Request(context: context, origin: sender))
    }

    mutating func takeReadIndexResponse(context: UInt64, index: RaftIndex?) {
        if let index {
            output.readStates.append((context, index))
        } else {
            output.readFailures.append(context)
        }
    }

    private mutating func enqueueRead(_ request: RaftReadQueue.Request) {
        guard reads.requests.count < configuration.maxPendingReads else {
            answer(request, index: nil)
            return
        }
        reads.add(request)
    }

    /// Whether reads wait that a round could be begun for. A leader doesn't know what is committed
    /// before it has committed an entry of its own term.
    var readRoundIsDue: Bool {
        role == .leader && reads.gatheredCount > 0 && commitIndex >= noopIndex
    }

    mutating func beginReadRound() {
        guard readRoundIsDue else { return }
        readSequence += 1
        reads.beginRound(sequence: readSequence, index: commitIndex)
        broadcastHeartbeat()
        answerConfirmedReads()
    }

    /// Answers the reads of all rounds that a quorum has confirmed.
    mutating func answerConfirmedReads() {
        while let round = reads.firstRound(confirmedBy: confirmedReadSequence()) {
            for position in 0..<round.requestCount {
                answer(reads.requests[position], index: round.index)
            }
            reads.removeFirstRound()
        }
    }

    /// The latest round that a quorum confirmed.
    private func confirmedReadSequence() -> UInt64 {
        if quorumSize == 1 { return readSequence }
        var best: UInt64 = 0
        for position in peers.indices where peers[position].readSequence > best {
            let candidate = peers[position].readSequence
            var count = mayVote ? 1 : 0
            for other in peers.indices where peers[other].readSequence >= candidate { count += 1 }
            if count >= quorumSize { best = candidate }
        }
        return best
    }

    /// Refuses all reads that wait; they can be asked again.
    mutating func failReads() {
        for position in reads.requests.indices { answer(reads.requests[position], index: nil) }
        reads.removeAll()
    }

    private mutating func answer(_ request: RaftReadQueue.Request, index: RaftIndex?) {
        if let origin = request.origin {
            send(.readIndexResponse(context: request.context, index: index), to: origin)
        } else if let index {
            output.readStates.append((request.context, index))
        } else {
            output.readFailures.append(request.context)
        }
    }
}
