import Testing

@testable import MarbleRaft

@Suite("Pipelining, flow control and lost messages")
struct FlowControlTests {
    /// A leader whose peer 2 takes entries in a stream.
    private func leader(
        _ configure: (inout RaftCoreConfiguration) -> Void = { _ in }
    ) -> CoreFixture {
        var node = CoreFixture(voters: [1, 2, 3], configure: configure)
        node.lead()
        _ = node.ship(node.drain())
        node.accept(1, from: 2)
        var output = node.drain()
        while !output.isEmpty {
            _ = node.ship(output)
            output = node.drain()
        }
        return node
    }

    private func propose(_ node: inout CoreFixture, count: Int = 1) {
        guard case .success = node.core.propose(count: count, byteCount: count * 100, now: node.now)
        else { return #expect(Bool(false), "not the leader") }
    }

    @Test("Until the logs are known to agree, one message is in flight")
    func probesOneByOne() {
        var node = leader()
        #expect(node.core.progress(of: 3)?.state == .probe)
        propose(&node)
        #expect(node.drain().sends.map(\.to) == [2])
    }

    @Test("Then messages follow each other without waiting for answers")
    func pipelines() {
        var node = leader()
        var lasts: [RaftIndex] = []
        for _ in 0..<5 {
            propose(&node)
            let output = node.drain()
            lasts += output.sends.map(\.last)
            _ = node.ship(output)
        }
        #expect(lasts == [2, 3, 4, 5, 6])
    }

    @Test("Followers hear of a commit by the next entries, or after the notice's delay")
    func commitNoticeWaits() throws {
        var node = leader { $0.commitNoticeDelay = .milliseconds(2) }
        node.passTime(.milliseconds(2))
        _ = node.ship(node.drain())
        propose(&node)
        _ = node.ship(node.drain())
        node.accept(2, from: 2)
        #expect(node.drain().sends.isEmpty, "nothing is sent for the commit alone")
        #expect(node.core.nextDeadline <= node.now.advanced(by: .milliseconds(2)))
        node.passTime(.milliseconds(2))
        let notice = try node.drainSend()
        #expect(notice.isEmpty)
        let message = try #require(node.core.appendMessage(for: notice, through: notice.last))
        guard case .appendRequest(let append) = message.body else { return }
        #expect(append.commitIndex == 2)
        node.core.didSend(to: 2, ticket: notice.ticket, through: notice.last, byteCount: 0)

        propose(&node)
        _ = node.ship(node.drain())
        node.accept(3, from: 2)
        propose(&node)
        #expect(node.ship(node.drain()).count == 1, "entries carry the commit index")
        #expect(node.core.commitNoticeDeadline == nil, "and no notice is needed any more")
        node.passTime(.milliseconds(2))
        #expect(node.drain().sends.isEmpty)
    }

    @Test("A peer gets nothing more while the driver has a send in hand")
    func oneTicketAPeer() throws {
        var node = leader()
        propose(&node)
        let first = try node.drainSend()
        propose(&node)
        #expect(node.drain().sends.isEmpty)
        node.core.didSend(to: 2, ticket: first.ticket &+ 99, through: 2, byteCount: 1)
        #expect(node.drain().sends.isEmpty)
        node.core.didSend(to: 2, ticket: first.ticket, through: 2, byteCount: 1)
        #expect(node.drain().sends.map(\.last) == [3])
    }

    @Test("A send may leave in part; the rest follows")
    func partialSends() throws {
        var node = leader()
        propose(&node, count: 10)
        let send = try node.drainSend()
        #expect(send.first == 2 && send.last == 11)
        node.core.didSend(to: 2, ticket: send.ticket, through: 5, byteCount: 400)
        let rest = try node.drainSend()
        #expect(rest.first == 6 && rest.last == 11 && rest.previousIndex == 5)
    }

    @Test("A send of which nothing leaves isn't asked for again at once")
    func emptySend() throws {
        var node = leader()
        propose(&node, count: 10)
        let send = try node.drainSend()
        node.core.didSend(to: 2, ticket: send.ticket, through: 1, byteCount: 0)
        #expect(node.drain().sends.isEmpty)
    }

    @Test("Messages in flight are limited, and answers make room")
    func messageLimit() throws {
        var node = leader { $0.maxInFlightMessages = 3 }
        for _ in 0..<6 {
            propose(&node)
            _ = node.ship(node.drain())
        }
        #expect(node.core.progress(of: 2)?.nextIndex == 5)
        node.accept(3, from: 2)
        let send = try node.drainSend()
        #expect(send.first == 5 && send.last == 7)
    }

    @Test("Bytes in flight are limited, and answers make room")
    func byteLimit() {
        var node = leader { $0.maxInFlightBytes = 250 }
        for _ in 0..<6 {
            propose(&node)
            _ = node.ship(node.drain())
        }
        #expect(node.core.progress(of: 2)?.nextIndex == 5)
        node.accept(2, from: 2)
        #expect(node.drain().sends.map(\.first) == [5])
    }

    @Test("A send names a limited number of entries")
    func entryLimit() {
        var node = leader { $0.maxEntriesPerSend = 4 }
        propose(&node, count: 10)
        #expect(node.drain().sends.map(\.last) == [5])
    }

    @Test("When all answers are lost, the answer to a heartbeat leads to a probe that is answered")
    func lostAnswers() throws {
        var node = leader { $0.maxInFlightMessages = 1 }
        propose(&node)
        _ = node.ship(node.drain())
        propose(&node)
        #expect(node.drain().sends.isEmpty)
        node.step(
            .heartbeatResponse(readSequence: 0, lastIndex: 2, countsForQuorum: true), from: 2)
        let output = node.drain()
        let send = try #require(output.sends.first)
        #expect(output.sends.count == 1)
        #expect(send.isEmpty && send.previousIndex == 2)
        _ = node.ship(output)
        node.accept(2, from: 2)
        #expect(node.drain().sends.map(\.last) == [3])
    }

    @Test("When entries are lost, the refusal of what follows leads back to them")
    func lostEntries() {
        var node = leader()
        propose(&node, count: 3)
        _ = node.ship(node.drain())
        node.step(
            .appendResponse(
                RaftAppendResponse(
                    outcome: .rejected(
                        previousIndex: 4, hintIndex: 1, hintTerm: 1, lastIndex: 1),
                    countsForQuorum: true)),
            from: 2)
        #expect(node.core.progress(of: 2)?.state == .probe)
        #expect(node.drain().sends.map(\.first) == [2])
    }

    @Test("A failed send waits until the peer is heard")
    func failedSend() throws {
        var node = leader()
        propose(&node)
        node.core.sendFailed(to: 2, ticket: try node.drainSend().ticket)
        propose(&node)
        #expect(node.drain().sends.isEmpty)
        node.step(
            .heartbeatResponse(readSequence: 0, lastIndex: 1, countsForQuorum: true), from: 2)
        #expect(node.drain().sends.map(\.first) == [2])
    }

    @Test("After a broken connection, sending begins again at what was acknowledged")
    func brokenConnection() {
        var node = leader()
        propose(&node, count: 3)
        _ = node.ship(node.drain())
        node.core.peerUnreachable(2)
        #expect(node.drain().sends.isEmpty)
        node.core.peerReachable(2)
        #expect(node.drain().messages.map(\.to) == [2])
        node.step(
            .heartbeatResponse(readSequence: 0, lastIndex: 1, countsForQuorum: true), from: 2)
        #expect(node.drain().sends.map(\.first) == [2])
    }

    @Test("An idle follower is told of the commit by an empty append, once")
    func commitNews() {
        var node = leader()
        propose(&node)
        _ = node.ship(node.drain())
        node.accept(2, from: 2)
        let output = node.drain()
        #expect(output.commitIndex == 2)
        let messages = node.ship(output)
        #expect(messages.map { $0.append?.commitIndex } == [2])
        #expect(messages.map { $0.append?.termRuns.isEmpty } == [true])
        node.accept(2, from: 2)
        #expect(node.drain().sends.isEmpty)
    }

    @Test("A drained core has no output")
    func drained() {
        var node = leader()
        propose(&node)
        #expect(node.core.hasOutput)
        _ = node.ship(node.drain())
        _ = node.drain()
        #expect(!node.core.hasOutput)
        #expect(node.drain().isEmpty)
    }
}
