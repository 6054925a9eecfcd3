extension RaftCore {
    /// Takes a message from a peer. A message that is malformed, not for this node, or not from a
    /// member changes nothing.
    ///
    /// - Returns: The entries of an append request that are new here: the driver keeps their
    ///   payloads, in place of whatever it had from the first of them on.
    @discardableResult
    public mutating func step(_ message: RaftMessage, now: RaftInstant) -> ClosedRange<RaftIndex>? {
        guard message.to == nodeID, let sender = position(of: message.from),
            isWellFormed(message)
        else { return nil }
        if case .preVoteRequest(let lastIndex, let lastTerm) = message.body {
            answerPreVote(message, lastIndex: lastIndex, lastTerm: lastTerm, now: now)
            return nil
        }
        guard message.term >= term else {
            answerEarlierTerm(message)
            return nil
        }
        if message.term > term, !enterTerm(of: message, now: now) { return nil }
        switch message.body {
        case .appendRequest(let append):
            return takeAppend(append, from: message.from, now: now)
        case .heartbeat(let commitIndex, let readSequence):
            takeHeartbeat(
                from: message.from, commitIndex: commitIndex, readSequence: readSequence, now: now)
        case .snapshotOffer(let index, let term):
            takeSnapshotOffer(from: message.from, index: index, term: term, now: now)
        case .timeoutNow:
            takeTimeoutNow(from: message.from, now: now)
        case .voteRequest(let lastIndex, let lastTerm, _):
            answerVote(from: message.from, lastIndex: lastIndex, lastTerm: lastTerm, now: now)
        case .preVoteRequest:
            break
        case .preVoteResponse(let granted):
            takePreVoteResponse(sender, term: message.term, granted: granted, now: now)
        case .voteResponse(let granted):
            takeVoteResponse(sender, granted: granted, now: now)
        case .readIndexRequest(let context):
            takeReadIndexRequest(context: context, from: message.from)
        case .readIndexResponse(let context, let index):
            takeReadIndexResponse(context: context, index: index)
        case .appendResponse, .heartbeatResponse, .snapshotResponse:
            guard role == .leader else { return nil }
            takeProgress(message.body, from: sender, now: now)
        }
        return nil
    }

    /// Moves to the later term of a message. False: the message is dropped and the term stays.
    private mutating func enterTerm(of message: RaftMessage, now: RaftInstant) -> Bool {
        switch message.body {
        case .preVoteRequest, .preVoteResponse(granted: true):
            // They speak of a term that nobody has entered yet.
            return true
        case .voteRequest(_, _, let isLeadershipTransfer):
            // Whoever hears a leader isn't drawn into the election of one who doesn't.
            guard isLeadershipTransfer || !hearsLeader(now: now) else { return false }
            becomeFollower(term: message.term, leader: nil, now: now)
        case .appendRequest, .heartbeat, .snapshotOffer, .timeoutNow:
            becomeFollower(term: message.term, leader: message.from, now: now)
        case .preVoteResponse(granted: false), .voteResponse, .appendResponse,
            .heartbeatResponse, .snapshotResponse, .readIndexRequest, .readIndexResponse:
            becomeFollower(term: message.term, leader: nil, now: now)
        }
        return true
    }

    /// A leader or candidate of the past learns that its term is over; without this, a node that
    /// reached a later term alone could never be led again.
    private mutating func answerEarlierTerm(_ message: RaftMessage) {
        switch message.body {
        case .appendRequest, .heartbeat, .snapshotOffer:
            send(
                .heartbeatResponse(readSequence: 0, lastIndex: 0, countsForQuorum: mayVote),
                to: message.from)
        case .voteRequest:
            send(.voteResponse(granted: false), to: message.from)
        default:
            break
        }
    }

    private func isWellFormed(_ message: RaftMessage) -> Bool {
        let limit = RaftNumberLimit.maximum
        guard message.term <= limit else { return false }
        switch message.body {
        case .preVoteRequest(let lastIndex, let lastTerm),
            .voteRequest(let lastIndex, let lastTerm, _):
            return message.term > 0 && lastIndex <= limit && lastTerm < message.term
        case .appendRequest(let append):
            return message.term > 0 && append.isWellFormed(term: message.term)
        case .appendResponse(let response):
            switch response.outcome {
            case .accepted(let matchIndex):
                return matchIndex <= limit
            case .rejected(let previousIndex, let hintIndex, let hintTerm, let lastIndex):
                return previousIndex <= limit && hintIndex <= previousIndex && lastIndex <= limit
                    && hintTerm <= message.term
            }
        case .heartbeat(let commitIndex, _):
            return message.term > 0 && commitIndex <= limit
        case .heartbeatResponse(_, let lastIndex, _):
            return lastIndex <= limit
        case .snapshotOffer(let index, let term):
            return message.term > 0 && (1...limit).contains(index)
                && (1...message.term).contains(term)
        case .snapshotResponse(_, let index):
            return index <= limit
        case .timeoutNow:
            return message.term > 0
        case .readIndexResponse(_, let index):
            return (index ?? 0) <= limit
        case .preVoteResponse, .voteResponse, .readIndexRequest:
            return true
        }
    }

    mutating func send(_ body: RaftMessage.Body, to peer: RaftNodeID) {
        output.messages.append(RaftMessage(from: nodeID, to: peer, term: term, body: body))
    }

    mutating func sendAfterPersist(_ body: RaftMessage.Body, to peer: RaftNodeID) {
        output.messagesAfterPersist.append(
            RaftMessage(from: nodeID, to: peer, term: term, body: body))
    }
}
