internal import MarbleCluster
internal import MarbleEnvironment
internal import MarbleRaft

/// Processes start, crash, and have their driver's requests carried out.
extension Simulation {
    func start(_ node: SimulatedNode) {
        guard node.process == nil else { return }
        let process: NodeProcess
        do {
            process = try NodeProcess(
                disk: node.disk, segmentByteCount: profile.segmentByteCount,
                configuration: driverConfiguration(node), now: instant(on: node))
        } catch {
            return startFailed(node, error)
        }
        node.process = process
        note("node \(node.id) runs from index \(process.recovered.log.lastIndex)")
        let state = process.recovered.hardState
        checker.recovers(
            node.id, hardState: state, log: process.recoveredLog,
            appliedIndex: process.recovered.appliedIndex)
        checker.hasRestored(
            node.id, hash: process.machine.current.hash, at: process.recovered.appliedIndex)
        settle(node)
        connect(node)
    }

    /// The nodes that run notice that this one is back, and it finds them; some do late, or never.
    private func connect(_ node: SimulatedNode) {
        for other in nodes where other.id != node.id && other.process != nil {
            for (one, two) in [(node, other), (other, node)] where nodeRandom.chance(3, in: 4) {
                schedule(
                    .connectionOpened(node: one.id, incarnation: one.incarnation, peer: two.id),
                    in: nodeRandom.next(below: .milliseconds(50)))
            }
        }
    }

    private func startFailed(_ node: SimulatedNode, _ error: RaftError) {
        // A fault of the disk that hit while the node started: it starts once more.
        guard node.hasMetFault else {
            return checker.fail(.recovery, "node \(node.id) doesn't start: \(error.message)")
        }
        note("node \(node.id) fails to start: \(error.message)")
        crash(node)
    }

    private func driverConfiguration(_ node: SimulatedNode) -> RaftDriver.Configuration {
        var core = RaftCoreConfiguration(
            nodeID: node.id, voters: nodes.map(\.id), electionTimeout: Self.electionTimeout,
            heartbeatInterval: Self.heartbeatInterval, preVote: profile.preVote,
            checkQuorum: profile.checkQuorum,
            maxInFlightMessages: profile.maxInFlightMessages,
            maxEntriesPerSend: profile.maxEntriesPerSend,
            commitNoticeDelay: profile.commitNoticeDelay, seed: nodeRandom.next(),
            mayVote: node.mayVote)
        switch configuration.plantedBug {
        case .votesTwice: core.plantedBug = .votesTwice
        case .commitsOlderTermByCount: core.plantedBug = .commitsOlderTermByCount
        case .acknowledgesBeforeSync, nil: break
        }
        var driver = RaftDriver.Configuration(
            core: core, snapshotDistance: profile.snapshotDistance,
            trailingEntryCount: profile.trailingEntryCount)
        driver.sendByteCountMax = profile.sendByteCountMax
        driver.tailByteCountMax = profile.tailByteCountMax
        driver.plantsAcknowledgementBeforeSync =
            configuration.plantedBug == .acknowledgesBeforeSync
        return driver
    }

    /// Ends a node's process, with what wasn't synced lost, kept or torn; it starts again later.
    func crash(_ node: SimulatedNode) {
        counts.crashes += 1
        let crash = VirtualCrash.allCases[
            Int(faultRandom.next(below: UInt64(VirtualCrash.allCases.count)))]
        note("node \(node.id) crashes, its disk \(crash)")
        node.process = nil
        node.incarnation += 1
        if faultRandom.chance(1, in: 2) { node.incarnationHeard = node.incarnation }
        node.pausedUntil = 0
        node.disk.crash(crash, random: &diskRandom)
        node.armedOperations.removeAll { $0 < node.disk.operationCount }
        for other in nodes where other.id != node.id && faultRandom.chance(3, in: 4) {
            schedule(
                .connectionBroke(
                    node: other.id, incarnation: other.incarnation, peer: node.id),
                in: faultRandom.next(below: .milliseconds(20)))
        }
        let downTime = faultRandom.next(
            below: faultRandom.chance(1, in: 5) ? .milliseconds(1500) : .milliseconds(120))
        schedule(.restart(node: node.id, incarnation: node.incarnation), in: downTime)
    }

    /// Has everything carried out that a node's driver asks for.
    func settle(_ node: SimulatedNode) {
        guard let process = node.process else { return }
        process.driver.flush(now: instant(on: node))
        for request in process.ports.takeRequests() {
            carryOut(request, node, process)
            // A request can end in a crash; then the others are never heard.
            guard node.process === process else { return }
        }
        observeCommit(node, process)
        scheduleTick(node, process)
    }

    private func observeCommit(_ node: SimulatedNode, _ process: NodeProcess) {
        let core = process.driver.core
        let before = checker.committedIndex
        checker.commits(
            node.id, through: core.commitIndex, term: core.term, isLeader: core.role == .leader)
        guard checker.committedIndex > before else { return }
        considerFaultAtMoment(node, perMille: profile.troubleAtCommitPerMille)
    }

    private func carryOut(
        _ request: RecordingPorts.Request, _ node: SimulatedNode, _ process: NodeProcess
    ) {
        switch request {
        case .write(let write):
            checker.writes(node.id, write)
            submit(.write(write), node, process)
        case .read(let read):
            submit(.read(read), node, process)
        case .send(let batch, let peer):
            for message in batch.messages {
                checker.sends(message, term: process.driver.core.term)
            }
            send(batch, from: node, to: peer)
        case .apply(let entries, let through):
            observeCommit(node, process)
            checker.applies(node.id, entries, after: process.appliedThrough, through: through)
            process.applying = (entries, through)
            schedule(
                .applyDone(node: node.id, incarnation: node.incarnation),
                in: diskRandom.next(below: profile.applyDelayMax) + 1)
        case .makeSnapshot(let name):
            makeSnapshot(name, node, process)
        case .installSnapshot(let name, let peer):
            beginFetch(name, from: peer, node, process)
        case .roleChanged(let role, let term, let leader):
            note("node \(node.id) is \(role) in term \(term), leader \(leader ?? 0)")
            guard role == .leader else { return checker.doesNotLead(node.id) }
            counts.elections += 1
            lastLeader = node.id
            checker.leads(node.id, term: term)
            considerFaultAtMoment(node, perMille: profile.troubleAtElectionPerMille)
        }
    }

    private func send(_ batch: RaftBatch, from node: SimulatedNode, to peer: RaftNodeID) {
        guard peer != node.id, peer > 0, peer <= RaftNodeID(nodes.count) else {
            return checker.fail(.progress, "node \(node.id) sends to seat \(peer)")
        }
        let event = SimulationEvent.deliver(
            batch, from: node.id, incarnation: node.incarnation, to: peer)
        guard let delay = network.delay(from: node.id, to: peer) else { return }
        schedule(event, in: delay)
        guard network.doubles(), let second = network.delay(from: node.id, to: peer) else { return }
        schedule(event, in: second)
    }

    private func submit(_ job: NodeProcess.LogJob, _ node: SimulatedNode, _ process: NodeProcess) {
        process.logJobs.append(job)
        guard !process.isLogBusy else { return }
        process.isLogBusy = true
        scheduleLogRun(node)
    }

    func scheduleLogRun(_ node: SimulatedNode) {
        schedule(
            .logRun(node: node.id, incarnation: node.incarnation),
            in: diskRandom.next(below: profile.diskDelayMax) + 1)
    }

    private func scheduleTick(_ node: SimulatedNode, _ process: NodeProcess) {
        let wanted = node.clock.time(of: process.driver.nextDeadline)
        guard wanted < .max / 2 else { return }
        let due = max(wanted, now + 1000)
        if let scheduled = process.tickDue, scheduled <= due, scheduled >= now { return }
        process.tickDue = due
        queue.schedule(.tick(node: node.id, incarnation: node.incarnation), at: due)
    }
}
