import Testing

@testable import MarbleRaft

@Suite("Leader election (paper, sections 5.1, 5.2, 5.4.1)")
struct ElectionTests {
    @Test("5.2: a node starts as a follower of nobody")
    func startsAsFollower() {
        let node = CoreFixture()
        #expect(node.core.role == .follower)
        #expect(node.core.leader == nil)
        #expect(node.core.term == 0)
    }

    @Test("5.2: timeouts are drawn from one to two election timeouts, and differ")
    func timeoutsAreRandom() {
        var seen: Set<UInt64> = []
        for seed in UInt64(0)..<50 {
            let node = CoreFixture { $0.seed = seed }
            let wait = node.core.nextDeadline.nanoseconds - 1
            #expect((1_000_000_000..<2_000_000_000).contains(wait))
            seen.insert(wait)
        }
        #expect(seen.count > 45)
    }

    @Test(
        "5.2: a follower that hears nobody asks for votes in the next term, once its own is durable"
    )
    func campaigns() {
        var node = CoreFixture { $0.preVote = false }
        node.timeOut()
        let output = node.drain()
        #expect(node.core.role == .candidate)
        #expect(output.persist?.hardState == RaftHardState(term: 1, votedFor: 1))
        #expect(output.messages.isEmpty)
        #expect(output.messagesAfterPersist.map(\.to) == [2, 3])
        #expect(output.messagesAfterPersist.count { $0.isVoteRequest && $0.term == 1 } == 2)
    }

    @Test("5.2: a candidate with a majority leads, and begins with an entry of its own")
    func wins() {
        var node = CoreFixture(voters: [1, 2, 3, 4, 5]) { $0.preVote = false }
        node.timeOut()
        _ = node.drain()
        node.step(.voteResponse(granted: true), from: 2)
        #expect(node.core.role == .candidate)
        node.step(.voteResponse(granted: true), from: 2)
        #expect(node.core.role == .candidate, "a vote counts once")
        node.step(.voteResponse(granted: true), from: 3)
        #expect(node.core.role == .leader)
        let output = node.drain()
        #expect(output.leaderNoop?.index == 1 && output.leaderNoop?.term == 1)
        #expect(output.persist?.append == 1...1)
        #expect(output.sends.map(\.to) == [2, 3, 4, 5])
        #expect(output.roleChange?.role == .leader && output.roleChange?.leader == 1)
    }

    @Test("5.2: a candidate that a majority refuses waits as a follower")
    func loses() {
        var node = CoreFixture { $0.preVote = false }
        node.timeOut()
        _ = node.drain()
        node.step(.voteResponse(granted: false), from: 2)
        node.step(.voteResponse(granted: false), from: 3)
        #expect(node.core.role == .follower)
        #expect(node.core.term == 1)
    }

    @Test("5.2: a split vote leads to another campaign after another timeout")
    func campaignsAgain() {
        var node = CoreFixture { $0.preVote = false }
        node.timeOut()
        node.timeOut()
        #expect(node.core.role == .candidate)
        #expect(node.core.term == 2)
    }

    @Test("5.2: a vote can't be answered before it was asked for")
    func answersNeedQuestions() {
        var node = CoreFixture { $0.preVote = false }
        node.timeOut()
        node.step(.voteResponse(granted: true), from: 2)
        #expect(node.core.role == .candidate)
    }

    @Test(
        "5.2: a node votes once in a term, for whoever asks first, and says so when that is durable"
    )
    func votesOnce() {
        var node = CoreFixture()
        let request = RaftMessage.Body.voteRequest(
            lastIndex: 0, lastTerm: 0, isLeadershipTransfer: false)
        node.step(request, from: 2, term: 1)
        node.step(request, from: 3, term: 1)
        node.step(request, from: 2, term: 1)
        let output = node.drain()
        #expect(output.persist?.hardState == RaftHardState(term: 1, votedFor: 2))
        #expect(output.messagesAfterPersist.filter(\.grantsVote).map(\.to) == [2, 2])
        #expect(output.messages.map(\.body) == [.voteResponse(granted: false)])
        #expect(output.messages.map(\.to) == [3])
    }

    @Test("5.2: a vote is remembered across a crash")
    func remembersItsVote() {
        var node = CoreFixture(hardState: RaftHardState(term: 4, votedFor: 3))
        node.step(
            .voteRequest(lastIndex: 9, lastTerm: 3, isLeadershipTransfer: false), from: 2, term: 4)
        #expect(node.drain().messages.map(\.body) == [.voteResponse(granted: false)])
    }

    @Test(
        "5.4.1: a vote is refused to a candidate whose log is behind",
        arguments: [
            (lastIndex: 3, lastTerm: 2, isGranted: true),
            (lastIndex: 4, lastTerm: 2, isGranted: true),
            (lastIndex: 1, lastTerm: 3, isGranted: true),
            (lastIndex: 2, lastTerm: 2, isGranted: false),
            (lastIndex: 9, lastTerm: 1, isGranted: false),
        ] as [(lastIndex: RaftIndex, lastTerm: RaftTerm, isGranted: Bool)])
    func comparesLogs(candidate: (lastIndex: RaftIndex, lastTerm: RaftTerm, isGranted: Bool)) {
        var node = CoreFixture(terms: [1, 1, 2])
        node.step(
            .voteRequest(
                lastIndex: candidate.lastIndex, lastTerm: candidate.lastTerm,
                isLeadershipTransfer: false),
            from: 2, term: 5)
        let granted = node.drain().messagesAfterPersist.filter(\.grantsVote)
        #expect(granted.count == (candidate.isGranted ? 1 : 0))
        #expect(node.core.term == 5)
    }

    @Test(
        "5.1: a later term makes a follower of anybody", arguments: [RaftRole.candidate, .leader])
    func laterTermDeposes(role: RaftRole) {
        var node = CoreFixture { $0.preVote = false }
        if role == .leader { node.lead() } else { node.timeOut() }
        #expect(node.core.role == role)
        node.step(.voteResponse(granted: false), from: 2, term: 9)
        #expect(node.core.role == .follower)
        #expect(node.core.term == 9)
        #expect(node.drain().persist?.hardState == RaftHardState(term: 9, votedFor: nil))
    }

    @Test("5.2: a candidate follows whoever leads its term")
    func candidateFollows() {
        var node = CoreFixture { $0.preVote = false }
        node.timeOut()
        node.step(.heartbeat(commitIndex: 0, readSequence: 0), from: 3, term: 1)
        #expect(node.core.role == .follower)
        #expect(node.core.leader == 3)
    }

    @Test("5.1: a leader of an earlier term is told of the later one, and steps down")
    func staleLeaderLearns() {
        var node = CoreFixture(hardState: RaftHardState(term: 5))
        node.step(.heartbeat(commitIndex: 0, readSequence: 0), from: 2, term: 3)
        #expect(node.core.leader == nil)
        #expect(node.drain().messages.map(\.term) == [5])
    }

    @Test("A single node leads and commits by its own disk")
    func singleNode() {
        var node = CoreFixture(voters: [1])
        node.persistsAtOnce = false
        node.timeOut()
        #expect(node.core.role == .leader)
        let output = node.drain()
        #expect(node.core.commitIndex == 0)
        #expect(output.persist?.hardState == RaftHardState(term: 1, votedFor: 1))
        node.core.persisted(sequence: output.persist?.sequence ?? 0, now: node.now)
        #expect(node.drain().commitIndex == 1)
    }

    @Test("5.2: heartbeats keep followers from campaigning, and their absence lets them")
    func heartbeatsKeepLeader() {
        let cluster = TestCluster(3)
        cluster.elect(1)
        for _ in 0..<100 {
            cluster.advance(by: .milliseconds(50))
            cluster.settle()
        }
        #expect(cluster.leaders == [1: 1])
        cluster.isolate(1)
        for _ in 0..<100 {
            cluster.advance(by: .milliseconds(50))
            cluster.settle()
        }
        #expect(cluster.leaders.count == 2)
        #expect(cluster[1].core.role != .leader)
        #expect(cluster.violations == [])
    }
}
