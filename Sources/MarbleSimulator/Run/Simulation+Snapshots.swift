internal import MarbleCluster
internal import MarbleEnvironment
internal import MarbleRaft
internal import NIOCore

/// Snapshots are made, shipped part by part, and restored.
extension Simulation {
    private static let partByteCount = 256
    private static let fetchTimeout: VirtualNanoseconds = .milliseconds(400)

    func makeSnapshot(
        _ name: SnapshotStore.Name, _ node: SimulatedNode, _ process: NodeProcess
    ) {
        if process.appliedThrough != name.index {
            checker.fail(
                .stateMachineSafety,
                "node \(node.id) is to snapshot index \(name.index) while it has applied \(process.appliedThrough)"
            )
        }
        guard let capture = try? process.machine.snapshot() else { return }
        process.capture = (name, capture)
        schedule(
            .snapshotWrite(node: node.id, incarnation: node.incarnation),
            in: diskRandom.next(below: profile.diskDelayMax) + 1)
    }

    func writeSnapshot(_ id: RaftNodeID, _ incarnation: UInt64) {
        guard let process = process(id, incarnation) else { return }
        let name = process.writeSnapshot()
        if node(id).disk.isStopped { return crash(node(id)) }
        if let name {
            counts.snapshotsMade += 1
            note("node \(id) has a snapshot at index \(name.index)")
            process.driver.snapshotMade(index: name.index, now: instant(on: node(id)))
        } else {
            process.driver.snapshotFailed(now: instant(on: node(id)))
        }
        settle(node(id))
    }

    // MARK: Install

    func beginFetch(
        _ name: SnapshotStore.Name, from peer: RaftNodeID, _ node: SimulatedNode,
        _ process: NodeProcess
    ) {
        process.fetchAttempt += 1
        var fetch = SnapshotFetch(
            node: node.id, incarnation: node.incarnation, peer: peer, name: name,
            attempt: process.fetchAttempt)
        note("node \(node.id) fetches snapshot \(name.index) from node \(peer)")
        let offset = process.beginReceiving(name)
        if node.disk.isStopped { return crash(node) }
        guard let offset else { return schedule(.snapshotFetchFailed(fetch), in: 1) }
        fetch.offset = offset
        schedule(.snapshotFetchFailed(fetch), in: Self.fetchTimeout)
        ask(fetch)
    }

    private func ask(_ fetch: SnapshotFetch) {
        guard let delay = network.delay(from: fetch.node, to: fetch.peer) else { return }
        schedule(.snapshotFetch(fetch), in: delay)
    }

    /// The fetch that an event belongs to is still the node's current one.
    private func fetchingProcess(_ fetch: SnapshotFetch) -> NodeProcess? {
        guard let process = process(fetch.node, fetch.incarnation),
            process.fetchAttempt == fetch.attempt
        else { return nil }
        return process
    }

    /// On the peer: reads a part.
    func serve(_ fetch: SnapshotFetch) {
        guard network.carries(from: fetch.node, to: fetch.peer),
            let process = node(fetch.peer).process,
            let delay = network.delay(from: fetch.peer, to: fetch.node)
        else { return }
        guard
            let part = try? process.snapshots.read(
                fetch.name, at: fetch.offset, byteCountMax: Self.partByteCount)
        else { return schedule(.snapshotFetchFailed(fetch), in: delay) }
        schedule(
            .snapshotPart(fetch, part.bytes, fileByteCount: part.fileByteCount), in: delay)
    }

    func receive(_ fetch: SnapshotFetch, _ bytes: ByteBuffer, fileByteCount: UInt64) {
        guard let process = fetchingProcess(fetch), process.receiver?.byteCount == fetch.offset
        else { return }
        guard process.receive(bytes) else { return diskFailed(fetch) }
        var next = fetch
        next.offset += UInt64(bytes.readableBytes)
        guard next.offset >= fileByteCount else { return ask(next) }
        guard process.adoptReceived() else { return diskFailed(fetch) }
        // It counts as this attempt's end: its timeout says nothing any more.
        process.fetchAttempt += 1
        next.attempt = process.fetchAttempt
        schedule(.snapshotRestore(next), in: diskRandom.next(below: profile.applyDelayMax) + 1)
    }

    private func diskFailed(_ fetch: SnapshotFetch) {
        if node(fetch.node).disk.isStopped { return crash(node(fetch.node)) }
        fetchFailed(fetch)
    }

    func fetchFailed(_ fetch: SnapshotFetch) {
        guard let process = fetchingProcess(fetch) else { return }
        process.fetchAttempt += 1
        process.receiver?.close()
        process.receiver = nil
        note("node \(fetch.node) doesn't get snapshot \(fetch.name.index)")
        process.driver.snapshotInstallFailed(now: instant(on: node(fetch.node)))
        settle(node(fetch.node))
    }

    /// The apply thread restores when it has applied what it was given before.
    func restore(_ fetch: SnapshotFetch) {
        guard let process = fetchingProcess(fetch) else { return }
        guard process.applying == nil else {
            return schedule(.snapshotRestore(fetch), in: .microseconds(200))
        }
        guard process.restore(fetch.name) else {
            return checker.fail(
                .recovery, "node \(fetch.node) can't restore snapshot \(fetch.name.index)")
        }
        counts.snapshotsInstalled += 1
        let state = process.machine.current
        checker.hasRestored(fetch.node, hash: state.hash, at: process.appliedThrough)
        process.driver.snapshotInstalled(
            index: fetch.name.index, term: fetch.name.term, now: instant(on: node(fetch.node)))
        settle(node(fetch.node))
    }
}
