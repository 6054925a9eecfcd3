internal import MarbleCluster
internal import MarbleEnvironment
internal import MarbleRaft

/// Things go wrong.
extension Simulation {
    func strike() {
        guard healedToken == nil else { return }
        let kind = pickFault()
        note("fault: \(kind)")
        cause(kind)
        schedule(.fault, in: faultRandom.next(below: profile.faultIntervalMax) + 1)
    }

    /// A leader that has just been elected, or has just committed, is where protocols break; chance
    /// alone finds these moments too seldom.
    func considerFaultAtMoment(_ node: SimulatedNode, perMille: UInt64) {
        guard healedToken == nil, faultRandom.chance(perMille, in: 1000) else { return }
        schedule(.faultAtMoment(node: node.id, incarnation: node.incarnation), in: 1)
    }

    func strikeAtMoment(_ node: SimulatedNode) {
        guard healedToken == nil else { return }
        if faultRandom.chance(1, in: 2) {
            counts.partitions += 1
            network.cut(between: [node.id], and: nodes.map(\.id))
        } else {
            crash(node)
            node.incarnationHeard = node.incarnation
        }
    }

    private func pickFault() -> FaultKind {
        guard profile.weightSum > 0 else { return .crash }
        var point = faultRandom.next(below: profile.weightSum)
        for (kind, weight) in profile.weights {
            if point < weight { return kind }
            point -= weight
        }
        return .crash
    }

    private func cause(_ kind: FaultKind) {
        switch kind {
        case .crash: crashIfRunning(anyNode())
        case .crashLeader: crashIfRunning(leaderOrAny())
        case .crashWithinDiskOperation:
            anyNode().arm(.stop, operationsFromNow: Int(faultRandom.next(below: 12)))
        case .powerFailure:
            let isTotal = faultRandom.chance(1, in: 2)
            for node in nodes where isTotal || faultRandom.chance(2, in: 3) {
                crashIfRunning(node)
            }
        case .partition, .isolate, .oneWay: cutLinks(kind)
        case .healNetwork: network.heal()
        case .pause:
            let node = faultRandom.chance(1, in: 2) ? leaderOrAny() : anyNode()
            guard node.process != nil else { return }
            node.pausedUntil = now + .milliseconds(20 + faultRandom.next(below: 800))
        case .diskError:
            let fault: VirtualFault = faultRandom.chance(1, in: 3) ? .noSpace : .ioError
            anyNode().arm(fault, operationsFromNow: Int(faultRandom.next(below: 12)))
        case .transferLeadership: transferLeadership()
        case .connectionBreak:
            let node = anyNode()
            let peer = anyNode()
            guard node.id != peer.id else { return }
            schedule(
                .connectionBroke(
                    node: node.id, incarnation: node.incarnation, peer: peer.id), in: 1)
        case .wipeDisk: wipeDisk(anyNode())
        }
    }

    private func anyNode() -> SimulatedNode {
        nodes[Int(faultRandom.next(below: UInt64(nodes.count)))]
    }

    private func leaderOrAny() -> SimulatedNode {
        let leading = nodes.filter { $0.process?.driver.core.role == .leader }
        guard !leading.isEmpty else { return anyNode() }
        return leading[Int(faultRandom.next(below: UInt64(leading.count)))]
    }

    private func crashIfRunning(_ node: SimulatedNode) {
        if node.process != nil { crash(node) }
    }

    private func cutLinks(_ kind: FaultKind) {
        counts.partitions += 1
        if faultRandom.chance(1, in: 2) { network.heal() }
        let ids = nodes.map(\.id)
        switch kind {
        case .partition:
            let side = ids.filter { _ in faultRandom.chance(1, in: 2) }
            network.cut(between: side, and: ids.filter { !side.contains($0) })
        case .isolate:
            let node = faultRandom.chance(2, in: 3) ? leaderOrAny() : anyNode()
            network.cut(between: [node.id], and: ids)
        default:
            for from in ids {
                for to in ids where from != to && faultRandom.chance(1, in: 4) {
                    network.cut(from: from, to: to)
                }
            }
        }
    }

    private func transferLeadership() {
        let node = leaderOrAny()
        let target = anyNode()
        guard let process = node.process, node.pausedUntil <= now else { return }
        _ = process.driver.transferLeadership(to: target.id, now: instant(on: node))
        settle(node)
    }

    /// Disks of less than a majority are lost in a run.
    private func wipeDisk(_ node: SimulatedNode) {
        guard wipedCount < (nodes.count - 1) / 2, node.mayVote, node.process != nil else { return }
        wipedCount += 1
        crash(node)
        note("node \(node.id) loses its disk")
        node.disk = VirtualFileSystem()
        node.armedOperations = []
        node.mayVote = false
        checker.forgets(node.id)
    }
}
