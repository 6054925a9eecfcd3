internal import Logging
internal import MarbleEnvironment
public import MarbleRaft
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix
public import ServiceLifecycle

extension RaftServer: Service {
    /// Opens the data directory, restores the state machine, and starts the transport. Returns when
    /// the node serves; electing a leader takes a while longer.
    ///
    /// - Throws: `RaftError`: `.invalidConfiguration`, `.foreignData`, `.storage`, or `.transport`
    ///   (the port is taken, for instance); messages say what to do.
    public func start() async throws {
        try config.validate()
        guard let nodeID = config.nodeID(of: transport.localEndpoint) else {
            throw RaftError(
                .invalidConfiguration,
                "endpoint \(transport.localEndpoint) isn't in the node list (\(config.nodeEndpoints.joined(separator: ", "))); give this node's own entry of the list, exactly as it stands there"
            )
        }
        let isFirst = state.withLockedValue { state in
            guard case .idle = state.phase else { return false }
            state.phase = .starting
            return true
        }
        guard isFirst else {
            throw RaftError(.stopped, "a RaftServer starts once; make another one to start again")
        }
        do {
            try await open(nodeID: nodeID)
        } catch {
            state.withLockedValue { $0.phase = .stopped }
            throw error
        }
    }

    private func open(nodeID: RaftNodeID) async throws {
        let opened = try await NIOThreadPool.singleton.runIfActive { [self] in
            try OpenedNode.open(
                config: config, nodeID: nodeID, dataDirectory: dataDirectory,
                stateMachine: stateMachine, logStore: logStoreOverride, groupID: Self.groupID)
        }
        if let tls = config.tls { transport.adopt(tls) }
        let eventLoop = transport.eventLoopGroup.next()
        let writer = LogWriter(store: opened.store, metrics: transport.metrics)
        let peers = RaftPeers(
            config: config, identity: opened.identity, fileSystem: opened.fileSystem,
            dataDirectory: dataDirectory, eventLoop: eventLoop, transport: transport,
            logger: logger)
        let group = RaftGroup(
            groupID: Self.groupID, eventLoop: eventLoop, logWriter: writer,
            snapshots: opened.snapshots, stateMachine: stateMachine, link: peers,
            metrics: transport.metrics, logger: logger, logLogger: logLogger)
        peers.attach(group) { [weak self] error in self?.fail(error) }
        let configuration = driverConfiguration(nodeID: nodeID, mayVote: opened.identity.isProven)
        try await eventLoop.submit {
            group.start(configuration, recovered: opened.recovered)
        }.get()
        state.withLockedValue { $0.phase = .running(group, writer, peers, opened.lock) }
        transport.attach(peers)
        do {
            try await transport.start()
        } catch {
            await shutDown(group, writer, peers, opened.lock)
            throw error
        }
        peers.start()
    }

    private func driverConfiguration(
        nodeID: RaftNodeID, mayVote: Bool
    ) -> RaftDriver.Configuration {
        let core = RaftCoreConfiguration(
            nodeID: nodeID, voters: (1...RaftNodeID(config.nodeEndpoints.count)).map { $0 },
            electionTimeout: config.electionTimeout, heartbeatInterval: config.heartbeatInterval,
            preVote: config.enablePreVote, commitNoticeDelay: .milliseconds(2),
            seed: .random(in: .min ... .max), mayVote: mayVote)
        var configuration = RaftDriver.Configuration(
            core: core, snapshotDistance: config.snapshotDistance,
            trailingEntryCount: config.snapshotDistance)
        configuration.entryByteCountMax = 60 << 20
        return configuration
    }

    /// Hands leadership over if this node leads, ends what waits, and closes everything.
    public func stop() async {
        let running: (RaftGroup, LogWriter, RaftPeers, any FileLock)? = state.withLockedValue {
            guard case .running(let group, let writer, let peers, let lock) = $0.phase else {
                return nil
            }
            return (group, writer, peers, lock)
        }
        guard let (group, writer, peers, lock) = running else { return }
        await handOver(group)
        await transport.stop()
        await shutDown(group, writer, peers, lock)
    }

    private func shutDown(
        _ group: RaftGroup, _ writer: LogWriter, _ peers: RaftPeers, _ lock: any FileLock
    ) async {
        state.withLockedValue { $0.phase = .stopped }
        await peers.stop()
        try? await group.eventLoop.submit { group.stop() }.get()
        try? await NIOThreadPool.singleton.runIfActive {
            group.join()
            writer.stopAndJoin()
            lock.release()
        }
        finish(nil)
    }

    /// Serves until the surrounding service group shuts down, or the node's disk fails.
    ///
    /// - Throws: what `start()` throws, or the `RaftError` that ended the node.
    public func run() async throws {
        try await start()
        let failure = await withGracefulShutdownHandler {
            await waitForEnd()
        } onGracefulShutdown: {
            Task { await self.stop() }
        }
        if let failure {
            await stop()
            throw failure
        }
    }

    /// Returns when the server has stopped, with why if its disk failed.
    package func waitForEnd() async -> RaftError? {
        await withCheckedContinuation { continuation in
            let ended: RaftError?? = state.withLockedValue { state in
                if let failure = state.failure { return .some(failure) }
                if case .stopped = state.phase { return .some(nil) }
                state.failureWaiters.append(continuation)
                return nil
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }

    private func fail(_ error: RaftError) {
        state.withLockedValue { $0.failure = error }
        finish(error)
    }

    private func finish(_ error: RaftError?) {
        let waiters = state.withLockedValue { state in
            let waiters = state.failureWaiters
            state.failureWaiters = []
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: error) }
    }

    // MARK: Leadership

    /// Hands leadership to another member (thesis §3.10). Returns when another member
    /// leads.
    ///
    /// - Throws: `RaftError`: `.notLeader`, or `.unavailable` when it doesn't come about in an
    ///   election timeout.
    public func transferLeadership(to node: RaftNodeID) async throws {
        guard let group else { throw RaftGroup.notRunning }
        let rejection = try await group.eventLoop.submit { () -> RaftTransferRejection? in
            guard let driver = group.driver else { throw RaftGroup.notRunning }
            let rejection = driver.transferLeadership(to: node, now: RaftGroup.now())
            group.input { _ in }
            return rejection
        }.get()
        if let rejection {
            if case .notLeader = rejection {
                throw RaftError(.notLeader, rejection.description, leader: leader?.endpoint)
            }
            throw RaftError(.unavailable, rejection.description)
        }
        let deadline = NIODeadline.now() + .nanoseconds(config.electionTimeout.wholeNanoseconds)
        while isLeader || leader == nil {
            guard NIODeadline.now() < deadline else {
                throw RaftError(
                    .unavailable,
                    "leadership didn't go to node \(node) within an election timeout; check that it is up and has caught up"
                )
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func handOver(_ group: RaftGroup) async {
        guard isLeader, config.nodeEndpoints.count > 1 else { return }
        let target = try? await group.eventLoop.submit { () -> RaftNodeID? in
            guard let core = group.driver?.core else { return nil }
            return (1...RaftNodeID(self.config.nodeEndpoints.count))
                .filter { $0 != core.nodeID }
                .compactMap { id in core.progress(of: id).map { (id, $0) } }
                .filter { $0.1.countsForQuorum && $0.1.matchIndex > 0 }
                .max { $0.1.matchIndex < $1.1.matchIndex }?.0
        }.get()
        guard let target = target ?? nil else { return }
        do {
            try await transferLeadership(to: target)
        } catch {
            logger.warning("leadership wasn't handed over", metadata: ["error": "\(error)"])
        }
    }
}
