import Testing

@testable import MarbleRaft

@Suite("Snapshots (paper, section 7)")
struct SnapshotTests {
    /// A cluster whose node 3 was away while the others committed `count` entries and compacted.
    private func laggingCluster(count: Int = 20) -> TestCluster {
        let cluster = TestCluster(3)
        cluster.elect(1)
        cluster.isolate(3)
        cluster.propose(1, count: count)
        cluster.settle()
        cluster.compact(1)
        cluster.compact(2)
        return cluster
    }

    private func run(_ cluster: TestCluster, rounds: Int = 30) {
        for _ in 0..<rounds {
            cluster.advance(by: .milliseconds(50))
            cluster.settle()
        }
    }

    @Test("7: a member whose entries are compacted away gets the snapshot, and entries after it")
    func catchesUpBySnapshot() {
        let cluster = laggingCluster()
        cluster.heal()
        cluster.propose(1, count: 3)
        run(cluster)
        #expect(cluster[3].disk.snapshot == cluster[1].disk.snapshot)
        #expect(cluster[3].applied == cluster[1].applied)
        #expect(cluster[3].core.firstIndex == 22)
        #expect(cluster[1].core.progress(of: 3)?.state == .replicate)
        #expect(cluster.violations == [])
    }

    @Test("7: entries kept before a snapshot spare members a little behind from it")
    func retainedEntries() {
        let cluster = TestCluster(3)
        cluster.elect(1)
        cluster.isolate(3)
        cluster.propose(1, count: 5)
        cluster.settle()
        cluster.compact(1, retaining: 6)
        cluster.heal()
        run(cluster)
        #expect(cluster[3].applied == cluster[1].applied)
        #expect(cluster[3].disk.snapshot.index == 0)
    }

    @Test("7: a snapshot is offered again until it is installed")
    func offersAgain() {
        let cluster = laggingCluster()
        cluster.heal()
        cluster.advance(by: .milliseconds(100))
        for _ in 0..<40 where cluster[3].install == nil {
            for packet in cluster.packets.prefix(1) {
                cluster.packets.removeFirst()
                cluster.deliver(packet)
            }
            cluster.advance(by: .milliseconds(20))
        }
        #expect(cluster[3].install != nil)
        cluster[3].install = nil
        cluster[3].core.snapshotInstallFailed(now: cluster.now)
        cluster.drain(cluster[3])
        run(cluster)
        #expect(cluster[3].applied == cluster[1].applied)
    }

    @Test("7: a snapshot that the log covers isn't pulled")
    func coveredByLog() {
        var node = CoreFixture(terms: [1, 1, 2])
        node.step(.snapshotOffer(index: 2, term: 1), from: 2, term: 3)
        let output = node.drain()
        #expect(output.snapshotInstall == nil)
        #expect(output.commitIndex == 2)
        #expect(
            output.messagesAfterPersist.map(\.body) == [
                .snapshotResponse(installed: true, index: 2)
            ])
        #expect(node.terms == [1, 1, 2])
    }

    @Test("7: a log that contradicts the snapshot is replaced by it")
    func replacesLog() {
        var node = CoreFixture(terms: [1, 1, 2, 2])
        node.step(.snapshotOffer(index: 3, term: 3), from: 2, term: 3)
        #expect(node.drain().snapshotInstall?.index == 3)
        #expect(node.step(CoreFixture.append(term: 3, after: (4, 2), [3])) == nil)
        node.timeOut()
        #expect(node.core.role == .follower, "a node that installs a snapshot doesn't campaign")
        node.core.snapshotInstalled(index: 3, term: 3, now: node.now)
        let output = node.drain()
        #expect(output.persist == nil)
        #expect(node.core.firstIndex == 4 && node.core.lastIndex == 3)
        #expect(node.core.commitIndex == 3 && node.core.appliedIndex == 3)
        #expect(node.core.term(at: 3) == 3)
        #expect(node.step(CoreFixture.append(term: 3, after: (3, 3), [3])) == 4...4)
    }

    @Test("A node starts from its snapshot, and keeps entries before it for others")
    func restores() {
        var node = CoreFixture(terms: [1, 1, 2, 2])
        node.core.restored(snapshotIndex: 3, appliedIndex: 4)
        #expect(node.core.snapshotIndex == 3 && node.core.snapshotTerm == 2)
        #expect(node.core.commitIndex == 4 && node.core.appliedIndex == 4)
        #expect(node.core.firstIndex == 1)
        #expect(node.drain().commitIndex == nil)
    }
}
