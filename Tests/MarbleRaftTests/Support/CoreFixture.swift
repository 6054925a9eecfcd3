import Testing

@testable import MarbleRaft

/// One core whose inputs and outputs a test writes and reads by hand. Its disk is as fast as the test wants.
struct CoreFixture {
    var core: RaftCore
    var now = RaftInstant(nanoseconds: 1)
    /// Reports every persist as durable as soon as it is drained.
    var persistsAtOnce = true

    init(
        nodeID: RaftNodeID = 1, voters: [RaftNodeID] = [1, 2, 3],
        hardState: RaftHardState = RaftHardState(), terms: [RaftTerm] = [],
        configure: (inout RaftCoreConfiguration) -> Void = { _ in }
    ) {
        var configuration = RaftCoreConfiguration(
            nodeID: nodeID, voters: voters, electionTimeout: .milliseconds(1000),
            heartbeatInterval: .milliseconds(100), seed: 7)
        configure(&configuration)
        var state = hardState
        state.term = max(state.term, terms.last ?? 0)
        core = RaftCore(
            configuration: configuration, hardState: state, log: Self.summary(terms), now: now)
    }

    /// The log whose entries, from index 1 on, have these terms.
    static func summary(_ terms: [RaftTerm]) -> RaftLogSummary {
        var runs: [RaftTermRun] = []
        for (offset, term) in terms.enumerated() where runs.last?.term != term {
            runs.append(RaftTermRun(firstIndex: RaftIndex(offset) + 1, term: term))
        }
        return RaftLogSummary(termRuns: runs, lastIndex: RaftIndex(terms.count))
    }

    /// The terms of the log's entries, from the first that it still has.
    var terms: [RaftTerm] {
        guard core.firstIndex <= core.lastIndex else { return [] }
        return (core.firstIndex...core.lastIndex).compactMap { core.term(at: $0) }
    }

    /// An append message with entries of these terms after (previousIndex, previousTerm).
    static func append(
        from: RaftNodeID = 2, term: RaftTerm, after previous: (RaftIndex, RaftTerm),
        _ terms: [RaftTerm] = [], commit: RaftIndex = 0
    ) -> RaftMessage {
        var runs: [RaftTermRun] = []
        for (offset, entry) in terms.enumerated() where runs.last?.term != entry {
            runs.append(
                RaftTermRun(firstIndex: previous.0 + RaftIndex(offset) + 1, term: entry))
        }
        return RaftMessage(
            from: from, to: 1, term: term,
            body: .appendRequest(
                RaftAppend(
                    previousIndex: previous.0, previousTerm: previous.1, termRuns: runs,
                    lastIndex: previous.0 + RaftIndex(terms.count), commitIndex: commit)))
    }

    @discardableResult
    mutating func step(_ message: RaftMessage) -> ClosedRange<RaftIndex>? {
        core.step(message, now: now)
    }

    @discardableResult
    mutating func step(
        _ body: RaftMessage.Body, from: RaftNodeID, term: RaftTerm? = nil
    ) -> ClosedRange<RaftIndex>? {
        step(RaftMessage(from: from, to: core.nodeID, term: term ?? core.term, body: body))
    }

    mutating func drain() -> RaftOutput {
        var output = RaftOutput()
        core.takeOutput(into: &output)
        if persistsAtOnce, let persist = output.persist {
            core.persisted(sequence: persist.sequence, now: now)
        }
        return output
    }

    /// Drains; there must be something to send, the first of which is returned.
    mutating func drainSend() throws -> RaftSend {
        let output = drain()
        return try #require(output.sends.first)
    }

    mutating func passTime(_ duration: Duration) {
        now = now.advanced(by: duration)
        core.tick(now: now)
    }

    mutating func timeOut() {
        now = max(now, core.nextDeadline)
        core.tick(now: now)
    }

    /// Makes the core the leader of the next term, with the vote of the second voter.
    mutating func lead() {
        timeOut()
        _ = drain()
        for body in [
            RaftMessage.Body.preVoteResponse(granted: true), .voteResponse(granted: true),
        ] {
            for peer in core.configuration.voters where peer != core.nodeID {
                let term = core.role == .preCandidate ? core.term + 1 : core.term
                step(body, from: peer, term: term)
            }
            _ = core.role == .leader ? RaftOutput() : drain()
        }
    }

    /// Ships every send of an output, whole; further outputs are returned with it.
    mutating func ship(_ output: RaftOutput) -> [RaftMessage] {
        var messages: [RaftMessage] = []
        for send in output.sends {
            if let message = core.appendMessage(for: send, through: send.last) {
                messages.append(message)
            }
            core.didSend(
                to: send.to, ticket: send.ticket, through: send.last,
                byteCount: Int(send.last + 1 - send.first) * 100)
        }
        return messages
    }

    /// A peer acknowledges.
    mutating func accept(
        _ index: RaftIndex, from peer: RaftNodeID, countsForQuorum: Bool = true
    ) {
        step(
            .appendResponse(
                RaftAppendResponse(
                    outcome: .accepted(matchIndex: index), countsForQuorum: countsForQuorum)),
            from: peer)
    }
}

extension RaftMessage {
    /// Whether the message is an answer to a vote request that grants the vote.
    var grantsVote: Bool { body == .voteResponse(granted: true) }

    /// What an append's answer acknowledges.
    var acknowledgedIndex: RaftIndex? {
        guard case .appendResponse(let response) = body,
            case .accepted(let matchIndex) = response.outcome
        else { return nil }
        return matchIndex
    }

    var append: RaftAppend? {
        guard case .appendRequest(let append) = body else { return nil }
        return append
    }

    var isVoteRequest: Bool {
        guard case .voteRequest = body else { return false }
        return true
    }

    var isPreVoteRequest: Bool {
        guard case .preVoteRequest = body else { return false }
        return true
    }
}
