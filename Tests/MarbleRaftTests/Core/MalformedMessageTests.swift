import Testing

@testable import MarbleRaft

@Suite("Messages that can't be right change nothing")
struct MalformedMessageTests {
    static let bodies: [RaftMessage.Body] = {
        let top = UInt64.max
        let limit: UInt64 = 1 << 62
        func append(
            _ previous: (UInt64, UInt64), _ runs: [(UInt64, UInt64)], last: UInt64, commit: UInt64
        ) -> RaftMessage.Body {
            .appendRequest(
                RaftAppend(
                    previousIndex: previous.0, previousTerm: previous.1,
                    termRuns: runs.map { RaftTermRun(firstIndex: $0.0, term: $0.1) },
                    lastIndex: last, commitIndex: commit))
        }
        return [
            append((top, 1), [(0, 1)], last: 0, commit: 0),
            append((0, 0), [(1, 9)], last: top, commit: 0),
            append((0, 0), [(1, 9)], last: 0, commit: 0),
            append((0, 0), [(1, 0)], last: 1, commit: 0),
            append((0, 0), [(2, 5)], last: 2, commit: 0),
            append((0, 0), [(1, 5), (1, 6)], last: 2, commit: 0),
            append((0, 0), [(1, 6), (2, 5)], last: 2, commit: 0),
            append((0, 0), [(1, 5), (5, 6)], last: 2, commit: 0),
            append((0, 0), [], last: 2, commit: 0),
            append((0, 0), [(1, 100)], last: 1, commit: 0),
            append((0, 3), [(1, 5)], last: 1, commit: 0),
            append((3, 0), [(4, 5)], last: 4, commit: 0),
            append((3, 7), [(4, 5)], last: 4, commit: 0),
            append((0, 0), [(1, 5)], last: 1, commit: top),
            .heartbeat(commitIndex: top, readSequence: 0),
            .heartbeatResponse(readSequence: top, lastIndex: top, countsForQuorum: true),
            .snapshotOffer(index: 0, term: 1), .snapshotOffer(index: top, term: 1),
            .snapshotOffer(index: 1, term: 0), .snapshotOffer(index: limit, term: limit),
            .snapshotResponse(installed: true, index: top),
            .appendResponse(
                RaftAppendResponse(outcome: .accepted(matchIndex: top), countsForQuorum: true)),
            .appendResponse(
                RaftAppendResponse(
                    outcome: .rejected(
                        previousIndex: 1, hintIndex: 2, hintTerm: 1, lastIndex: 1),
                    countsForQuorum: true)),
            .preVoteRequest(lastIndex: top, lastTerm: 1),
            .preVoteRequest(lastIndex: 1, lastTerm: 9),
            .voteRequest(lastIndex: 1, lastTerm: 9, isLeadershipTransfer: true),
            .readIndexResponse(context: 1, index: top),
        ]
    }()

    @Test("A malformed body is dropped, and its term with it", arguments: bodies)
    func malformed(body: RaftMessage.Body) {
        var node = CoreFixture(terms: [1, 1, 2])
        node.step(body, from: 2, term: 9)
        #expect(node.core.term == 2)
        #expect(!node.core.hasOutput)
        #expect(node.terms == [1, 1, 2])
    }

    @Test("Messages of strangers, for others, of oneself, or of an impossible term are dropped")
    func strangers() {
        var node = CoreFixture()
        let body = RaftMessage.Body.heartbeat(commitIndex: 0, readSequence: 0)
        for (from, to, term) in [(9, 1, 3), (2, 3, 3), (1, 1, 3), (0, 1, 3), (2, 1, 0)] {
            node.step(
                RaftMessage(
                    from: RaftNodeID(from), to: RaftNodeID(to), term: RaftTerm(term), body: body))
        }
        node.step(RaftMessage(from: 2, to: 1, term: .max, body: body))
        #expect(node.core.term == 0 && node.core.leader == nil)
        #expect(!node.core.hasOutput)
    }

    @Test("A second leader of a term is not believed")
    func secondLeader() {
        var node = CoreFixture()
        node.step(CoreFixture.append(from: 2, term: 1, after: (0, 0), [1]))
        #expect(node.step(CoreFixture.append(from: 3, term: 1, after: (0, 0), [1, 1])) == nil)
        #expect(node.core.leader == 2 && node.core.lastIndex == 1)
    }

    @Test("An append that contradicts what is committed is dropped")
    func contradictsCommitted() {
        var node = CoreFixture()
        node.step(CoreFixture.append(term: 1, after: (0, 0), [1, 1], commit: 2))
        #expect(node.step(CoreFixture.append(from: 3, term: 2, after: (0, 0), [2, 2, 2])) == nil)
        #expect(node.terms == [1, 1])
    }

    @Test("A leader survives any numbers in answers", arguments: 0..<4)
    func randomAnswers(part: Int) {
        var random = RaftRandom(seed: UInt64(part))
        var node = CoreFixture(terms: [1, 1, 3])
        node.lead()
        _ = node.ship(node.drain())
        for _ in 0..<2000 {
            var numbers: [UInt64] = []
            for _ in 0..<4 {
                numbers.append(
                    random.next(below: 3) == 0 ? random.next() : random.next(below: 8))
            }
            let counts = random.next(below: 2) == 0
            let outcomes: [RaftAppendResponse.Outcome] = [
                .accepted(matchIndex: numbers[0]),
                .rejected(
                    previousIndex: numbers[0], hintIndex: numbers[1], hintTerm: numbers[2],
                    lastIndex: numbers[3]),
            ]
            let bodies: [RaftMessage.Body] =
                [
                    .heartbeatResponse(
                        readSequence: numbers[0], lastIndex: numbers[1], countsForQuorum: counts),
                    .snapshotResponse(installed: counts, index: numbers[0]),
                    .readIndexRequest(context: numbers[0]),
                ]
                + outcomes.map {
                    .appendResponse(RaftAppendResponse(outcome: $0, countsForQuorum: counts))
                }
            node.step(bodies[Int(random.next(below: UInt64(bodies.count)))], from: 2)
            _ = node.ship(node.drain())
        }
        #expect(node.core.role == .leader)
        #expect(node.core.commitIndex <= node.core.lastIndex)
    }

    @Test("Nodes survive random messages of every kind", arguments: 0..<8)
    func randomMessages(part: Int) {
        var random = RaftRandom(seed: UInt64(100 + part))
        var node = CoreFixture(voters: [1, 2, 3])
        for _ in 0..<5000 {
            let message = Self.randomMessage(&random, term: node.core.term)
            node.step(message)
            if random.next(below: 4) == 0 { node.passTime(.milliseconds(300)) }
            let output = node.drain()
            if let install = output.snapshotInstall {
                if random.next(below: 2) == 0 {
                    node.core.snapshotInstalled(
                        index: install.index, term: install.term, now: node.now)
                } else {
                    node.core.snapshotInstallFailed(now: node.now)
                }
            }
            node.core.applied(through: node.core.commitIndex)
            _ = node.ship(output)
        }
        #expect(node.core.appliedIndex <= node.core.lastIndex)
    }

    private static func randomMessage(_ random: inout RaftRandom, term: RaftTerm) -> RaftMessage {
        func number() -> UInt64 {
            random.next(below: 40) == 0 ? random.next() : random.next(below: 12)
        }
        let previous = number()
        let runs = (0..<random.next(below: 3)).map { offset in
            RaftTermRun(
                firstIndex: previous &+ 1 &+ offset, term: random.next(below: 3) &+ term)
        }
        let isYes = random.next(below: 2) == 0
        let bodies: [RaftMessage.Body] = [
            .preVoteRequest(lastIndex: number(), lastTerm: number()),
            .preVoteResponse(granted: isYes),
            .voteRequest(lastIndex: number(), lastTerm: number(), isLeadershipTransfer: isYes),
            .voteResponse(granted: isYes),
            .appendRequest(
                RaftAppend(
                    previousIndex: previous, previousTerm: number(), termRuns: runs,
                    lastIndex: previous &+ UInt64(runs.count) &+ number() % 2,
                    commitIndex: number())),
            .heartbeat(commitIndex: number(), readSequence: number()),
            .heartbeatResponse(
                readSequence: number(), lastIndex: number(), countsForQuorum: isYes),
            .snapshotOffer(index: number(), term: number()),
            .snapshotResponse(installed: isYes, index: number()), .timeoutNow,
            .readIndexRequest(context: number()),
            .readIndexResponse(context: number(), index: isYes ? number() : nil),
        ]
        return RaftMessage(
            from: 1 + random.next(below: 4), to: 1,
            term: term &+ random.next(below: 3),
            body: bodies[Int(random.next(below: UInt64(bodies.count)))])
    }
}
