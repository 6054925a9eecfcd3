import Testing

@testable import MarbleRaft

@Suite("A member that may not vote (its disk was lost)")
struct WipedDiskTests {
    @Test("It never campaigns, and grants neither pre-votes nor votes")
    func neverVotes() {
        var node = CoreFixture { $0.mayVote = false }
        for _ in 0..<5 { node.timeOut() }
        #expect(node.core.role == .follower && node.core.term == 0)
        node.step(.preVoteRequest(lastIndex: 9, lastTerm: 1), from: 2, term: 2)
        node.step(
            .voteRequest(lastIndex: 9, lastTerm: 1, isLeadershipTransfer: true), from: 2, term: 2)
        node.step(.timeoutNow, from: 2, term: 2)
        let output = node.drain()
        #expect(output.messagesAfterPersist.isEmpty)
        #expect(
            output.messages.map(\.body) == [
                .preVoteResponse(granted: false), .voteResponse(granted: false),
            ])
        #expect(node.core.role == .follower)
    }

    @Test("It stores entries, and says that it doesn't count")
    func stores() {
        var node = CoreFixture { $0.mayVote = false }
        #expect(node.step(CoreFixture.append(term: 1, after: (0, 0), [1])) == 1...1)
        guard case .appendResponse(let response) = node.drain().messagesAfterPersist.first?.body
        else {
            Issue.record("no answer")
            return
        }
        #expect(!response.countsForQuorum)
    }

    @Test("Its answers count neither for commits, nor reads, nor the check of the quorum")
    func neverCounted() {
        var node = CoreFixture()
        node.lead()
        _ = node.ship(node.drain())
        node.accept(1, from: 2, countsForQuorum: false)
        #expect(node.core.commitIndex == 0)
        #expect(node.core.progress(of: 2)?.matchIndex == 1)
        node.accept(1, from: 3)
        #expect(node.core.commitIndex == 1)
        node.core.readIndex(context: 1, now: node.now)
        _ = node.drain()
        node.step(
            .heartbeatResponse(readSequence: 1, lastIndex: 1, countsForQuorum: false), from: 2)
        #expect(node.drain().readStates.isEmpty)
        node.passTime(.milliseconds(1000))
        node.step(
            .heartbeatResponse(readSequence: 1, lastIndex: 1, countsForQuorum: false), from: 2)
        node.passTime(.milliseconds(1000))
        #expect(node.core.role == .follower)
    }

    @Test("What it acknowledged before doesn't count once it says that it doesn't")
    func forgottenAcknowledgement() {
        var node = CoreFixture(voters: [1, 2, 3, 4, 5])
        node.lead()
        _ = node.ship(node.drain())
        node.accept(1, from: 2)
        node.step(
            .heartbeatResponse(readSequence: 0, lastIndex: 0, countsForQuorum: false), from: 2)
        node.accept(1, from: 3)
        #expect(node.core.commitIndex == 0)
        #expect(node.core.progress(of: 2)?.matchIndex == 0)
        node.accept(1, from: 4)
        #expect(node.core.commitIndex == 1)
    }

    @Test("What it acknowledged with its lost disk no longer counts, and is sent again")
    func lostAcknowledgements() {
        let cluster = TestCluster(3)
        cluster.elect(1)
        cluster.propose(1, count: 10)
        cluster.settle()
        cluster.wipe(3)
        for _ in 0..<10 {
            cluster.advance(by: .milliseconds(100))
            cluster.settle()
        }
        #expect(cluster[3].log == cluster[1].log)
        #expect(cluster[1].core.progress(of: 3)?.countsForQuorum == false)
        cluster.isolate(2)
        cluster.propose(1)
        cluster.settle()
        #expect(cluster.highestCommitted == 11, "one voter of three doesn't commit")
        #expect(cluster[3].core.lastIndex == 12)
        cluster[3].core.allowVoting()
        for _ in 0..<3 {
            cluster.advance(by: .milliseconds(100))
            cluster.settle()
        }
        #expect(cluster.highestCommitted == 12)
    }
}
