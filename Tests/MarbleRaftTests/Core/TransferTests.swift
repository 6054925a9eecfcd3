import Testing

@testable import MarbleRaft

@Suite("Leadership transfer (thesis, section 3.10)")
struct TransferTests {
    @Test("3.10: the target leads the next term, though everybody hears the old leader")
    func transfers() {
        let cluster = TestCluster(3)
        cluster.elect(1)
        #expect(cluster[1].core.transferLeadership(to: 3, now: cluster.now) == nil)
        cluster.drain(cluster[1])
        cluster.settle()
        #expect(cluster.leader?.id == 3)
        #expect(cluster[3].core.term == 2)
        #expect(cluster.violations == [])
    }

    @Test("3.10: a target that lags is caught up first, and proposals are refused meanwhile")
    func catchesUpFirst() {
        let cluster = TestCluster(3)
        cluster.elect(1)
        cluster.isolate(3)
        cluster.propose(1, count: 5)
        cluster.settle()
        cluster.heal()
        #expect(cluster[1].core.transferLeadership(to: 3, now: cluster.now) == nil)
        #expect(cluster.propose(1) == .failure(.transferring))
        for _ in 0..<5 {
            cluster.advance(by: .milliseconds(100))
            cluster.settle()
        }
        #expect(cluster.leader?.id == 3)
        #expect(cluster[3].core.lastIndex == 7)
    }

    @Test("3.10: a transfer that doesn't succeed within an election timeout is given up")
    func givesUp() {
        var node = CoreFixture { $0.checkQuorum = false }
        node.lead()
        _ = node.drain()
        #expect(node.core.transferLeadership(to: 3, now: node.now) == nil)
        #expect(node.core.transferLeadership(to: 2, now: node.now) == .transferring(to: 3))
        node.passTime(.milliseconds(999))
        #expect(node.core.transferTarget == 3)
        node.passTime(.milliseconds(1))
        #expect(node.core.transferTarget == nil)
        #expect(node.core.propose(count: 1, byteCount: 1, now: node.now) == .success(2))
    }

    @Test("A transfer is refused where it can't be")
    func refused() {
        var node = CoreFixture()
        #expect(node.core.transferLeadership(to: 2, now: node.now) == .notLeader(leader: nil))
        node.lead()
        #expect(node.core.transferLeadership(to: 1, now: node.now) == .alreadyLeader)
        #expect(node.core.transferLeadership(to: 9, now: node.now) == .unknownTarget(9))
        node.accept(1, from: 2, countsForQuorum: false)
        #expect(node.core.transferLeadership(to: 2, now: node.now) == .targetMayNotVote(2))
    }
}
