internal import MarbleCluster
internal import MarbleEnvironment
internal import MarbleRaft
internal import NIOCore

/// What happens when an event is due.
extension Simulation {
    func dispatch(_ event: SimulationEvent) {
        switch event {
        case .deliver(let batch, let from, let incarnation, let to):
            guard network.carries(from: from, to: to), incarnation >= node(from).incarnationHeard,
                let process = node(to).process
            else { return }
            process.driver.receive(batch, now: instant(on: node(to)))
            settle(node(to))
        case .connectionBroke(let id, let incarnation, let peer):
            guard let process = process(id, incarnation) else { return }
            process.driver.peerUnreachable(peer, now: instant(on: node(id)))
            settle(node(id))
        case .connectionOpened(let id, let incarnation, let peer):
            guard let process = process(id, incarnation) else { return }
            process.driver.peerReachable(peer, now: instant(on: node(id)))
            settle(node(id))
        case .tick(let id, let incarnation):
            tick(id, incarnation)
        case .logRun(let id, let incarnation):
            runLog(id, incarnation)
        case .logDone(let id, let incarnation):
            reportLog(id, incarnation)
        case .applyDone(let id, let incarnation):
            finishApply(id, incarnation)
        case .snapshotWrite(let id, let incarnation):
            writeSnapshot(id, incarnation)
        case .snapshotFetch(let fetch): serve(fetch)
        case .snapshotPart(let fetch, let bytes, let fileByteCount):
            receive(fetch, bytes, fileByteCount: fileByteCount)
        case .snapshotFetchFailed(let fetch): fetchFailed(fetch)
        case .snapshotRestore(let fetch): restore(fetch)
        case .restart(let id, let incarnation):
            guard node(id).incarnation == incarnation else { return }
            start(node(id))
        case .clientStart(let client): startOperation(client)
        case .clientTimeout(let client, let operation):
            guard clients[client].operation == operation, !clients[client].isIdle else { return }
            clients[client].favourite = nil
            endOperation(client)
        case .fault: strike()
        case .faultAtMoment(let id, let incarnation):
            guard process(id, incarnation) != nil else { return }
            strikeAtMoment(node(id))
        }
    }

    private func tick(_ id: RaftNodeID, _ incarnation: UInt64) {
        // An earlier deadline may have come up since this one was scheduled, and passed.
        guard let process = process(id, incarnation), let due = process.tickDue, due <= now else {
            return
        }
        process.tickDue = nil
        let instant = instant(on: node(id))
        if process.driver.nextDeadline <= instant { process.driver.tick(now: instant) }
        settle(node(id))
    }

    // MARK: Disk

    private func runLog(_ id: RaftNodeID, _ incarnation: UInt64) {
        guard let process = process(id, incarnation) else { return }
        do {
            try process.runLog()
        } catch {
            let node = node(id)
            if !node.hasMetFault {
                checker.fail(.recovery, "node \(id)'s log fails without a fault: \(error.message)")
            }
            note("node \(id)'s log fails: \(error.message)")
            return crash(node)
        }
        schedule(
            .logDone(node: id, incarnation: incarnation),
            in: diskRandom.next(below: profile.diskDelayMax) + 1)
    }

    private func reportLog(_ id: RaftNodeID, _ incarnation: UInt64) {
        guard let process = process(id, incarnation) else { return }
        let instant = instant(on: node(id))
        let results = process.logResults
        process.logResults = []
        process.isLogBusy = !process.logJobs.isEmpty
        if process.isLogBusy { scheduleLogRun(node(id)) }
        for result in results {
            switch result {
            case .persisted(let sequence):
                process.driver.logPersisted(sequence: sequence, now: instant)
            case .read(let read, let entries):
                process.driver.logRead(read, entries: entries, now: instant)
            }
        }
        settle(node(id))
    }

    // MARK: Apply

    private func finishApply(_ id: RaftNodeID, _ incarnation: UInt64) {
        guard let process = process(id, incarnation), let (entries, through) = process.applying
        else {
            return
        }
        process.applying = nil
        var outcomes: [ByteBuffer] = []
        outcomes.reserveCapacity(entries.count)
        for entry in entries {
            outcomes += process.machine.apply([entry])
            checker.hasState(id, hash: process.machine.current.hash, at: entry.index)
        }
        process.appliedThrough = through
        process.driver.applied(outcomes: outcomes, now: instant(on: node(id)))
        settle(node(id))
    }
}
