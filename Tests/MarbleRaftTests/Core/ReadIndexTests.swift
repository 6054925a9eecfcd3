import Testing

@testable import MarbleRaft

@Suite("ReadIndex (thesis, section 6.4)")
struct ReadIndexTests {
    private func readContexts(_ output: RaftOutput) -> [UInt64] {
        output.readStates.map(\.context)
    }

    @Test("6.4: a read is answered with the commit index once a quorum confirmed the leader")
    func quorumConfirms() {
        var node = CoreFixture()
        node.lead()
        _ = node.ship(node.drain())
        node.accept(1, from: 2)
        _ = node.drain()
        node.core.readIndex(context: 7, now: node.now)
        node.core.readIndex(context: 8, now: node.now)
        let asked = node.drain()
        #expect(asked.readStates.isEmpty)
        let heartbeat = RaftMessage.Body.heartbeat(commitIndex: 1, readSequence: 1)
        #expect(asked.messages.first?.body == heartbeat, "both reads share a round")
        #expect(asked.messages.count == 2)
        node.step(
            .heartbeatResponse(readSequence: 0, lastIndex: 1, countsForQuorum: true), from: 3)
        #expect(node.drain().readStates.isEmpty, "an answer to an earlier round confirms nothing")
        node.step(
            .heartbeatResponse(readSequence: 1, lastIndex: 1, countsForQuorum: true), from: 3)
        let answered = node.drain()
        #expect(readContexts(answered) == [7, 8])
        #expect(answered.readStates.map(\.index) == [1, 1])
    }

    @Test("6.4: reads wait until an entry of the leader's term is committed")
    func waitsForOwnTerm() {
        var node = CoreFixture(terms: [1, 1])
        node.lead()
        _ = node.ship(node.drain())
        node.core.readIndex(context: 7, now: node.now)
        #expect(node.drain().messages.isEmpty)
        node.accept(3, from: 2)
        #expect(node.drain().messages.count == 2)
        node.step(
            .heartbeatResponse(readSequence: 1, lastIndex: 3, countsForQuorum: true), from: 2)
        #expect(node.drain().readStates.map(\.index) == [3])
    }

    @Test("Reads that wait fail when the leader steps down")
    func failOnStepDown() {
        var node = CoreFixture()
        node.lead()
        node.core.readIndex(context: 7, now: node.now)
        node.step(.readIndexRequest(context: 9), from: 3)
        _ = node.drain()
        node.step(.voteResponse(granted: false), from: 2, term: 5)
        let output = node.drain()
        #expect(output.readFailures == [7])
        #expect(
            output.messages == [
                RaftMessage(
                    from: 1, to: 3, term: 5, body: .readIndexResponse(context: 9, index: nil))
            ])
    }

    @Test("6.4: a follower asks its leader; without one the read fails at once")
    func followerForwards() {
        var node = CoreFixture()
        node.core.readIndex(context: 1, now: node.now)
        #expect(node.drain().readFailures == [1])
        node.step(.heartbeat(commitIndex: 0, readSequence: 0), from: 2, term: 1)
        _ = node.drain()
        node.core.readIndex(context: 2, now: node.now)
        #expect(node.drain().messages.map(\.body) == [.readIndexRequest(context: 2)])
        node.step(.readIndexResponse(context: 2, index: 5), from: 2)
        node.step(.readIndexResponse(context: 3, index: nil), from: 2)
        let output = node.drain()
        #expect(readContexts(output) == [2])
        #expect(output.readFailures == [3])
    }

    @Test("Reads beyond the limit are refused")
    func limited() {
        var node = CoreFixture { $0.maxPendingReads = 2 }
        node.lead()
        for context in UInt64(1)...3 { node.core.readIndex(context: context, now: node.now) }
        #expect(node.drain().readFailures == [3])
    }

    @Test("A single node confirms itself")
    func singleNode() {
        var node = CoreFixture(voters: [1])
        node.timeOut()
        _ = node.drain()
        _ = node.drain()
        node.core.readIndex(context: 4, now: node.now)
        #expect(readContexts(node.drain()) == [4])
    }

    @Test("A deposed leader that doesn't know it answers no read")
    func deposedLeader() {
        let cluster = TestCluster(3)
        cluster.elect(1)
        cluster.isolate(1)
        cluster.elect(2)
        cluster.propose(2)
        cluster.settle()
        cluster.read(1)
        cluster.settle()
        #expect(cluster.answeredReads.isEmpty)
        cluster.heal()
        cluster.read(3)
        cluster.settle()
        #expect(cluster.answeredReads.count == 1)
        #expect(cluster.violations == [])
    }
}
