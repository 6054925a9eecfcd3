internal import MarbleCluster
internal import MarbleEnvironment
internal import MarbleRaft

/// After the faults: everything works again, and the cluster must take a write and bring all nodes
/// to the same state within a bounded time.
extension Simulation {
    private static let healingTimeMax: VirtualNanoseconds = .seconds(30)

    func heal() {
        note("everything heals")
        healedToken = checker.proposals.lastToken + 1
        network.becomeReliable()
        for node in nodes {
            node.disarm()
            node.pausedUntil = 0
            if node.disk.isStopped, node.process != nil { crash(node) }
            if node.process == nil { start(node) }
        }
        if clients[0].isIdle { schedule(.clientStart(client: 0), in: 1) }
        let deadline = now + Self.healingTimeMax
        while checker.violation == nil, !hasConverged {
            guard now < deadline else { return checker.fail(.progress, stateOfAll) }
            runStep()
        }
        guard checker.violation == nil else { return }
        compareStates()
        checker.checkAcknowledged()
    }

    /// A write made after the healing is applied everywhere, and nothing is left to do.
    private var hasConverged: Bool {
        guard let healedIndex, checker.committedIndex >= healedIndex else { return false }
        return nodes.allSatisfy { node in
            guard let process = node.process else { return false }
            return process.appliedThrough == checker.committedIndex
                && process.driver.core.commitIndex == checker.committedIndex
        }
    }

    private func compareStates() {
        guard let first = nodes[0].process?.machine.current else { return }
        for node in nodes {
            guard let state = node.process?.machine.current else { continue }
            if state.hash != first.hash || state.commandCount != first.commandCount {
                checker.fail(
                    .sameState, "node \(node.id) ends with \(state), node 1 with \(first)")
            }
        }
    }

    private var stateOfAll: String {
        let states = nodes.map { node in
            guard let core = node.process?.driver.core else { return "node \(node.id) is down" }
            return
                "node \(node.id) \(core.role) term \(core.term) leader \(core.leader ?? 0) mayVote \(node.mayVote) log \(core.firstIndex)-\(core.lastIndex) durable \(core.persistedIndex) commit \(core.commitIndex) applied \(core.appliedIndex) snapshot \(core.snapshotIndex)"
        }
        return
            "no write reached all nodes within \(Self.healingTimeMax / 1_000_000_000) s of virtual time; "
            + states.joined(separator: "; ")
    }
}
