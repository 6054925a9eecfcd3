@testable import MarbleRaft

/// Drives a test cluster by a seed: messages are lost, doubled and reordered, nodes crash between any
/// two writes, links are cut one way and both, disks are lost. The same seed gives the same run.
struct RandomSchedule {
    let cluster: TestCluster
    private var random: RaftRandom
    private var isWiped = false
    /// How often nodes campaign without need, in a thousand steps; at most 6.
    private let earlyCampaigns: UInt64
    /// How many of four possible crashes and cuts happen.
    private let storminess: UInt64
    private let wipesDisks: Bool
    /// Leaders come and go quickly, and entries travel one by one: many terms' leftovers meet.
    private let isTurbulent: Bool
    /// Steps between two upheavals, on average, when turbulent.
    private let turbulenceInterval: UInt64

    init(
        seed: UInt64, nodeCount: Int, wipesDisks: Bool = false, isTurbulent: Bool = false,
        configure: @escaping (inout RaftCoreConfiguration) -> Void = { _ in }
    ) {
        var random = RaftRandom(seed: seed)
        let entries = isTurbulent ? 1 : Int(1 + random.next(below: 8))
        let window = isTurbulent ? 1 : Int(1 + random.next(below: 6))
        cluster = TestCluster(nodeCount, seed: seed) { configuration in
            configuration.maxEntriesPerSend = entries
            configuration.maxInFlightMessages = window
            configuration.maxInFlightBytes = window * 40
            if isTurbulent {
                configuration.preVote = false
                configuration.checkQuorum = false
            }
            configure(&configuration)
        }
        turbulenceInterval = 16 << random.next(below: 4)
        storminess = 1 + random.next(below: 4)
        earlyCampaigns = random.next(below: 7)
        self.random = random
        self.wipesDisks = wipesDisks
        self.isTurbulent = isTurbulent
    }

    /// Runs until `stepCount` steps are done or a promise is broken.
    mutating func run(stepCount: Int) {
        for step in 0..<stepCount where cluster.violations.isEmpty {
            takeStep()
            if step % 64 == 0 { cluster.checkLogMatching() }
        }
        cluster.checkLogMatching()
    }

    /// Repairs everything; then a proposal must reach all nodes within a few election timeouts.
    mutating func recover() {
        cluster.heal()
        cluster.limitSend = { $0.last }
        for id in cluster.ids where !cluster[id].isUp { cluster.restart(id) }
        var target: RaftIndex?
        for _ in 0..<400 where cluster.violations.isEmpty {
            cluster.settle()
            if target == nil, let leader = cluster.leader,
                case .success(let index) = cluster.propose(leader.id)
            {
                target = index
            }
            cluster.settle()
            if let target {
                let isDone = cluster.ids.allSatisfy {
                    cluster[$0].applied.index >= target
                        && cluster[$0].core.commitIndex == cluster.highestCommitted
                }
                if isDone { return }
                if let leader = cluster.leader, leader.core.commitIndex < target,
                    leader.core.lastIndex < target
                {
                    self.cluster.propose(leader.id)
                }
            }
            cluster.advance(by: .milliseconds(50))
        }
        if cluster.violations.isEmpty {
            cluster.violations.append("progress: a healed cluster doesn't commit everywhere")
        }
    }

    private mutating func pickNode() -> TestNode {
        cluster[cluster.ids[Int(random.next(below: UInt64(cluster.ids.count)))]]
    }

    private mutating func takeStep() {
        if isTurbulent, random.next(below: turbulenceInterval) == 0 {
            if random.next(below: 2) == 0 { campaignEarly() } else { crashOrRestart() }
            return
        }
        switch random.next(below: 1000) {
        case 0..<430: deliverSome()
        case 430..<680: completeWrites()
        case 680..<780: cluster.advance(by: .milliseconds(Int64(random.next(below: 60))))
        case 780..<860:
            if let leader = cluster.leader {
                cluster.propose(leader.id, count: Int(1 + random.next(below: 4)))
            }
        case 860..<890:
            let node = pickNode()
            if node.isUp { cluster.read(node.id) }
        case 890..<910: losePacket()
        case 910..<925: cutOrHeal()
        case 925..<935: crashOrRestart()
        case 935..<950:
            let node = pickNode()
            if node.isUp, node.install == nil {
                cluster.compact(node.id, retaining: random.next(below: 6))
            }
        case 950..<970: cluster.finishInstall(pickNode().id)
        case 970..<980: breakConnection()
        case 980..<984: transferLeadership()
        case 984..<(984 + earlyCampaigns): campaignEarly()
        case 990..<992: wipeOnce()
        default: changeSending()
        }
    }

    private mutating func deliverSome() {
        for _ in 0..<(1 + random.next(below: 8)) where !cluster.packets.isEmpty {
            // Mostly in order, as a stream would deliver; sometimes anything.
            let span = random.next(below: 4) == 0 ? cluster.packets.count : 1
            let position = Int(random.next(below: UInt64(span)))
            let packet = cluster.packets[position]
            if random.next(below: 30) != 0 { cluster.packets.remove(at: position) }
            cluster.deliver(packet)
        }
        if cluster.packets.count > 400 { cluster.packets.removeFirst(200) }
    }

    private mutating func completeWrites() {
        let node = pickNode()
        for _ in 0..<(1 + random.next(below: 3)) { cluster.completeWrite(node) }
    }

    private mutating func losePacket() {
        guard !cluster.packets.isEmpty else { return }
        cluster.packets.remove(at: Int(random.next(below: UInt64(cluster.packets.count))))
    }

    private mutating func cutOrHeal() {
        guard random.next(below: 4) < storminess else { return cluster.heal() }
        switch random.next(below: 4) {
        case 0: cluster.isolate(pickNode().id)
        case 1: cluster.cut.insert(.init(from: pickNode().id, to: pickNode().id))
        default: cluster.heal()
        }
    }

    private mutating func crashOrRestart() {
        let node = random.next(below: 2) == 0 ? cluster.leader ?? pickNode() : pickNode()
        if node.isUp, random.next(below: 4) < storminess {
            cluster.crash(node.id, keeping: Int(random.next(below: UInt64(node.writes.count + 1))))
        }
        for id in cluster.ids where !cluster[id].isUp && random.next(below: 2) == 0 {
            cluster.restart(id)
        }
    }

    private mutating func breakConnection() {
        guard let leader = cluster.leader else { return }
        let peer = pickNode().id
        cluster.packets.removeAll { $0.message.from == leader.id && $0.message.to == peer }
        leader.core.peerUnreachable(peer)
        if random.next(below: 2) == 0 { leader.core.peerReachable(peer) }
        cluster.drain(leader)
    }

    private mutating func transferLeadership() {
        guard let leader = cluster.leader else { return }
        _ = leader.core.transferLeadership(to: pickNode().id, now: cluster.now)
        cluster.drain(leader)
    }

    private mutating func campaignEarly() {
        let node = pickNode()
        if node.isUp { cluster.timeOut(node.id) }
    }

    private mutating func wipeOnce() {
        guard wipesDisks, !isWiped else { return }
        isWiped = true
        let node = pickNode()
        // A stream of an earlier life ends with that life.
        cluster.packets.removeAll { $0.message.from == node.id || $0.message.to == node.id }
        cluster.wipe(node.id)
    }

    private mutating func changeSending() {
        switch random.next(below: 12) {
        case 0: cluster.limitSend = { $0.isEmpty ? $0.last : nil }
        case 1: cluster.limitSend = { min($0.last, $0.first) }
        default: cluster.limitSend = { $0.last }
        }
    }
}
