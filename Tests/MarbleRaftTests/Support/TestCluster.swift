@testable import MarbleRaft

/// Cores with a disk each and a network between them, on one thread, under the test's control; it checks
/// Raft's promises as it goes.
final class TestCluster {
    struct Link: Hashable {
        var from: RaftNodeID
        var to: RaftNodeID
    }

    let ids: [RaftNodeID]
    var nodes: [RaftNodeID: TestNode] = [:]
    var now = RaftInstant(nanoseconds: 1)
    var packets: [TestPacket] = []
    var cut: Set<Link> = []
    var violations: [String] = []
    /// Sends what must wait for the disk without waiting: a driver's bug.
    var acknowledgesBeforeDurable = false
    /// Decides how many of a send's entries leave; nil: the send fails.
    var limitSend: (RaftSend) -> RaftIndex? = { $0.last }

    var leaders: [RaftTerm: RaftNodeID] = [:]
    /// What was committed at each index, and the state it led to.
    var history: [RaftIndex: (entry: TestEntry, state: UInt64)] = [:]
    var highestCommitted: RaftIndex = 0
    var pendingReads: [UInt64: RaftIndex] = [:]
    var answeredReads: [(context: UInt64, index: RaftIndex)] = []
    var failedReads: [UInt64] = []
    private var lastValue: UInt64 = 0
    private var lastContext: UInt64 = 0
    private var lives: UInt64 = 0
    private let configure: (inout RaftCoreConfiguration) -> Void

    init(
        _ count: Int, seed: UInt64 = 1,
        configure: @escaping (inout RaftCoreConfiguration) -> Void = { _ in }
    ) {
        ids = (1...count).map(RaftNodeID.init)
        self.configure = configure
        lives = seed &* 1_000_003
        for id in ids {
            let core = makeCore(id, disk: TestDisk(), mayVote: true)
            nodes[id] = TestNode(id: id, core: core)
        }
    }

    subscript(_ id: RaftNodeID) -> TestNode {
        guard let node = nodes[id] else { preconditionFailure("No node \(id)") }
        return node
    }

    private func makeCore(_ id: RaftNodeID, disk: TestDisk, mayVote: Bool) -> RaftCore {
        lives += 1
        var configuration = RaftCoreConfiguration(
            nodeID: id, voters: ids, electionTimeout: .milliseconds(1000),
            heartbeatInterval: .milliseconds(100), seed: lives &* 31 &+ id, mayVote: mayVote)
        configure(&configuration)
        return RaftCore(
            configuration: configuration, hardState: disk.hardState, log: disk.summary, now: now)
    }

    var leader: TestNode? {
        ids.map { self[$0] }.filter { $0.isUp && $0.core.role == .leader }
            .max { $0.core.term < $1.core.term }
    }

    // MARK: Events

    func deliver(_ packet: TestPacket) {
        let link = Link(from: packet.message.from, to: packet.message.to)
        let node = self[link.to]
        guard node.isUp, !cut.contains(link) else { return }
        if let range = node.core.step(packet.message, now: now) {
            guard case .appendRequest(let append) = packet.message.body else { return }
            for index in range {
                node.memory[index] = packet.entries[Int(index - append.previousIndex - 1)]
            }
        }
        drain(node)
    }

    /// Completes the oldest write of a node.
    func completeWrite(_ node: TestNode) {
        guard node.isUp, !node.writes.isEmpty else { return }
        let write = node.writes.removeFirst()
        if let problem = node.disk.write(write.persist, entries: write.entries) {
            violations.append("node \(node.id): a persist \(problem)")
        }
        node.core.persisted(sequence: write.persist.sequence, now: now)
        packets += write.messages
        drain(node)
    }

    @discardableResult
    func propose(_ id: RaftNodeID, count: Int = 1) -> Result<RaftIndex, RaftProposalRejection> {
        let node = self[id]
        drain(node)
        let result = node.core.propose(count: count, byteCount: 10 * count, now: now)
        if case .success(let first) = result {
            for offset in 0..<count {
                lastValue += 1
                node.memory[first + RaftIndex(offset)] = TestEntry(
                    term: node.core.term, value: lastValue)
            }
        }
        drain(node)
        return result
    }

    /// Starts a read; it must see everything that anybody knows to be committed now.
    @discardableResult
    func read(_ id: RaftNodeID) -> UInt64 {
        lastContext += 1
        pendingReads[lastContext] = highestCommitted
        self[id].core.readIndex(context: lastContext, now: now)
        drain(self[id])
        return lastContext
    }

    /// Time passes for everybody.
    func advance(by duration: Duration) {
        now = now.advanced(by: duration)
        for id in ids where self[id].isUp && self[id].core.nextDeadline <= now {
            self[id].core.tick(now: now)
            drain(self[id])
        }
    }

    /// Time passes for one node until it would campaign.
    func timeOut(_ id: RaftNodeID) {
        now = max(now, self[id].core.nextDeadline)
        self[id].core.tick(now: now)
        drain(self[id])
    }

    /// A node dies; of what it was writing, the `keeping` oldest writes reached the disk.
    func crash(_ id: RaftNodeID, keeping: Int = 0) {
        let node = self[id]
        for write in node.writes.prefix(keeping) {
            if let problem = node.disk.write(write.persist, entries: write.entries) {
                violations.append("node \(id): a persist \(problem)")
            }
        }
        node.writes = []
        node.install = nil
        node.isUp = false
    }

    func restart(_ id: RaftNodeID) {
        let node = self[id]
        node.core = makeCore(id, disk: node.disk, mayVote: node.mayVote)
        node.memory = [:]
        for (offset, entry) in node.disk.entries.enumerated() {
            node.memory[node.disk.snapshot.index + RaftIndex(offset) + 1] = entry
        }
        node.applied = node.disk.snapshot
        node.isUp = true
        drain(node)
    }

    /// A node loses its disk, and its vote with it.
    func wipe(_ id: RaftNodeID) {
        crash(id)
        self[id].disk = TestDisk()
        self[id].mayVote = false
        restart(id)
    }

    /// Makes a snapshot of what is applied, and drops the log but for the last `retaining` entries.
    func compact(_ id: RaftNodeID, retaining: RaftIndex = 0) {
        let node = self[id]
        while !node.writes.isEmpty { completeWrite(node) }
        let snapshot = node.applied
        guard snapshot.index > node.disk.snapshot.index else { return }
        node.disk.compact(to: snapshot)
        let through = snapshot.index - min(retaining, snapshot.index)
        node.core.compact(through: through, snapshotIndex: snapshot.index)
        node.memory = node.memory.filter { $0.key > through }
        drain(node)
    }

    /// Ends a snapshot's installation: well, if the source can be reached and has it.
    func finishInstall(_ id: RaftNodeID) {
        let node = self[id]
        guard node.isUp, let install = node.install else { return }
        let source = self[install.from]
        node.install = nil
        while !node.writes.isEmpty { completeWrite(node) }
        let isReachable =
            source.isUp && !cut.contains(Link(from: source.id, to: id))
            && !cut.contains(Link(from: id, to: source.id))
        guard isReachable, source.disk.snapshot.index >= install.index else {
            node.core.snapshotInstallFailed(now: now)
            drain(node)
            return
        }
        let snapshot = source.disk.snapshot
        node.disk.entries = []
        node.disk.snapshot = snapshot
        node.memory = [:]
        node.applied = snapshot
        node.core.snapshotInstalled(index: snapshot.index, term: snapshot.term, now: now)
        drain(node)
    }

    /// Carries out everything that is pending, until nothing is.
    func settle() {
        var rounds = 0
        while rounds < 10_000 {
            rounds += 1
            for id in ids {
                finishInstall(id)
                while self[id].isUp, !self[id].writes.isEmpty { completeWrite(self[id]) }
            }
            guard !packets.isEmpty else { return }
            let batch = packets
            packets = []
            for packet in batch { deliver(packet) }
        }
        violations.append("the cluster never comes to rest")
    }

    /// Makes a node the leader, by its own campaign.
    func elect(_ id: RaftNodeID) {
        advance(by: .milliseconds(2100))
        packets = []
        timeOut(id)
        settle()
    }

    func isolate(_ id: RaftNodeID) {
        for other in ids where other != id {
            cut.insert(Link(from: id, to: other))
            cut.insert(Link(from: other, to: id))
        }
    }

    func heal() {
        cut = []
    }
}
