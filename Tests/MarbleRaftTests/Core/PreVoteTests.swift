import Testing

@testable import MarbleRaft

@Suite("Pre-vote, stickiness and check-quorum (thesis, sections 9.6, 4.2.3, 6.2)")
struct PreVoteTests {
    @Test("9.6: a pre-vote asks for the next term without entering it")
    func preVoteKeepsTerm() {
        var node = CoreFixture(hardState: RaftHardState(term: 3))
        node.timeOut()
        let output = node.drain()
        #expect(node.core.role == .preCandidate)
        #expect(node.core.term == 3)
        #expect(output.persist == nil)
        #expect(output.messages.map(\.term) == [4, 4])
        #expect(output.messages.count { $0.isPreVoteRequest } == 2)
        node.step(.preVoteResponse(granted: true), from: 3, term: 4)
        #expect(node.core.role == .candidate)
        #expect(node.core.term == 4)
    }

    @Test("9.6: a pre-vote binds nobody: two may be granted in a term, and none is written down")
    func preVotesAreFree() {
        var node = CoreFixture()
        let request = RaftMessage.Body.preVoteRequest(lastIndex: 0, lastTerm: 0)
        node.step(request, from: 2, term: 1)
        node.step(request, from: 3, term: 1)
        let output = node.drain()
        #expect(
            output.messages.map(\.body) == [
                .preVoteResponse(granted: true), .preVoteResponse(granted: true),
            ])
        #expect(output.persist == nil)
        #expect(node.core.term == 0)
    }

    @Test("9.6: a pre-vote is refused to a log that is behind, and to a term that isn't ahead")
    func preVoteRefused() {
        var node = CoreFixture(terms: [1, 2])
        node.step(.preVoteRequest(lastIndex: 5, lastTerm: 1), from: 2, term: 3)
        node.step(.preVoteRequest(lastIndex: 2, lastTerm: 1), from: 3, term: 2)
        #expect(
            node.drain().messages
                == [2, 3].map {
                    RaftMessage(from: 1, to: $0, term: 2, body: .preVoteResponse(granted: false))
                })
    }

    @Test("9.6: a node that was cut off comes back without disturbing the leader")
    func returningNodeIsQuiet() {
        let cluster = TestCluster(3)
        cluster.elect(1)
        cluster.isolate(3)
        for _ in 0..<200 {
            cluster.advance(by: .milliseconds(50))
            cluster.settle()
        }
        #expect(cluster[3].core.role == .preCandidate)
        #expect(cluster[3].core.term == 1)
        cluster.heal()
        for _ in 0..<50 {
            cluster.advance(by: .milliseconds(50))
            cluster.settle()
        }
        #expect(cluster.leaders == [1: 1])
        #expect(cluster[3].core.leader == 1)
    }

    @Test("4.2.3: who hears a leader refuses votes and keeps its term, until the leader is silent")
    func leaderStickiness() {
        var node = CoreFixture()
        node.step(.heartbeat(commitIndex: 0, readSequence: 0), from: 2, term: 1)
        node.passTime(.milliseconds(900))
        let request = RaftMessage.Body.voteRequest(
            lastIndex: 0, lastTerm: 0, isLeadershipTransfer: false)
        _ = node.drain()
        node.step(request, from: 3, term: 2)
        node.step(.preVoteRequest(lastIndex: 0, lastTerm: 0), from: 3, term: 2)
        #expect(node.core.term == 1)
        let output = node.drain()
        #expect(output.messages.map(\.body) == [.preVoteResponse(granted: false)])
        #expect(output.messagesAfterPersist.isEmpty)
        node.now = node.now.advanced(by: .milliseconds(100))
        node.step(request, from: 3, term: 2)
        #expect(node.drain().messagesAfterPersist.map(\.body) == [.voteResponse(granted: true)])
    }

    @Test("6.2: a leader that hears from no quorum steps down within two election timeouts")
    func checkQuorum() {
        var node = CoreFixture()
        node.lead()
        node.passTime(.milliseconds(500))
        node.step(
            .heartbeatResponse(readSequence: 0, lastIndex: 0, countsForQuorum: true), from: 2)
        node.passTime(.milliseconds(500))
        #expect(node.core.role == .leader)
        node.passTime(.milliseconds(1000))
        #expect(node.core.role == .follower)
        #expect(node.core.leader == nil)
        #expect(node.core.term == 1)
    }

    @Test("Without check-quorum a leader stays")
    func noCheckQuorum() {
        var node = CoreFixture { $0.checkQuorum = false }
        node.lead()
        for _ in 0..<30 { node.passTime(.milliseconds(100)) }
        #expect(node.core.role == .leader)
    }

    @Test("A node in a later term than its cluster's gets a leader again")
    func laterTermIsNoDeadlock() {
        let cluster = TestCluster(3)
        cluster.elect(1)
        cluster.crash(3)
        cluster[3].disk.hardState = RaftHardState(term: 7, votedFor: 3)
        cluster.restart(3)
        for _ in 0..<200 {
            cluster.advance(by: .milliseconds(50))
            cluster.settle()
        }
        let leader = cluster.leader?.id
        #expect(leader != nil)
        #expect(cluster.ids.map { cluster[$0].core.leader } == [leader, leader, leader])
        #expect(cluster[3].core.term >= 7)
        #expect(cluster.violations == [])
    }
}
