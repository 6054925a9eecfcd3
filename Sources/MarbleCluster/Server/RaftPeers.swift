internal import Logging
internal import MarbleEnvironment
internal import MarbleFlight
internal import MarbleRaft
internal import NIOConcurrencyHelpers
internal import NIOCore

/// A Raft server's peers: who they are and how they do, the links to them, and what comes from them.
final class RaftPeers: @unchecked Sendable {
    // Sendable: `links` and `metrics` are made before anything starts, `group` and `onFailure` are set once before
    // anything starts, and what changes has a lock.

    private struct State {
        var identity: NodeIdentity
        var health: [RaftNodeID: HealthStatus] = [:]
        /// Peers that have answered for this seat since this start.
        var approvals: Set<RaftNodeID> = []
        var isDisowned = false
        /// Peers whose incarnation is on the disk.
        var savedPeers: Set<RaftNodeID> = []
    }

    private let config: RaftClusterConfig
    private let nodeID: RaftNodeID
    private let fileSystem: any FileSystem
    private let dataDirectory: String
    private let eventLoop: any EventLoop
    private let transport: ArrowFlightTransport
    private let logger: Logger
    private let state: NIOLockedValueBox<State>
    private var links: [RaftNodeID: PeerLink] = [:]
    private var metrics: [RaftNodeID: RaftPeerMetrics] = [:]
    private var linkClients: [FlightClient] = []
    private var group: RaftGroup!
    private var onFailure: @Sendable (RaftError) -> Void = { _ in }
    /// The last entries that were encoded: peers mostly get the same ones.
    private var encoded: (key: EncodedKey, header: ByteBuffer, body: ByteBuffer)?

    private struct EncodedKey: Equatable {
        var first: RaftIndex
        var last: RaftIndex
        var firstTerm: RaftTerm
        var lastTerm: RaftTerm
    }

    init(
        config: RaftClusterConfig, identity: NodeIdentity, fileSystem: any FileSystem,
        dataDirectory: String, eventLoop: any EventLoop, transport: ArrowFlightTransport,
        logger: Logger
    ) {
        self.config = config
        self.fileSystem = fileSystem
        self.dataDirectory = dataDirectory
        self.eventLoop = eventLoop
        self.transport = transport
        self.logger = logger
        nodeID = identity.nodeID
        state = NIOLockedValueBox(
            State(
                identity: identity,
                savedPeers: Set(identity.peers.keys.compactMap(RaftNodeID.init))))
        for (position, endpoint) in config.nodeEndpoints.enumerated() {
            let peer = RaftNodeID(position) + 1
            guard peer != nodeID, let parsed = try? Endpoint(endpoint) else { continue }
            var configuration = transport.clientConfiguration(parsed)
            configuration.keepaliveInterval = .seconds(5)
            configuration.keepaliveTimeout = .seconds(5)
            // The link itself pauses between attempts, and not when the peer has called.
            configuration.connectFailuresToPause = .max
            let client = FlightClient(
                configuration: configuration, eventLoopGroup: transport.eventLoopGroup,
                logger: transport.clientLogger)
            linkClients.append(client)
            links[peer] = PeerLink(
                peer: peer, endpoint: endpoint, client: client, eventLoop: eventLoop,
                clusterID: config.clusterID, owner: self)
            metrics[peer] = transport.metrics.peer(endpoint)
            state.withLockedValue {
                $0.health[peer] = .unhealthy(reason: "not connected yet")
            }
        }
    }

    func attach(_ group: RaftGroup, onFailure: @escaping @Sendable (RaftError) -> Void) {
        self.group = group
        self.onFailure = onFailure
    }

    func start() {
        eventLoop.execute {
            for link in self.links.values { link.start() }
        }
    }

    func stop() async {
        await transportStops()
        for client in linkClients { await client.close() }
    }

    var health: [HealthComponent: HealthStatus] {
        let byPeer = state.withLockedValue { $0.health }
        var named: [HealthComponent: HealthStatus] = [:]
        for (peer, health) in byPeer {
            named[.peer(config.nodeEndpoints[Int(peer) - 1])] = health
        }
        return named
    }
}

// MARK: - To peers

extension RaftPeers: RaftGroupLink {
    func send(_ batch: RaftBatch, group: RaftGroupID, to peer: RaftNodeID) -> Bool {
        guard let link = links[peer] else { return false }
        var data = FlightData(
            appMetadata: RaftEnvelope(group: group, messages: batch.messages).encoded())
        if let first = batch.entries.first, let last = batch.entries.last {
            let key = EncodedKey(
                first: first.index, last: last.index, firstTerm: first.term, lastTerm: last.term)
            if encoded?.key != key || UInt64(batch.entries.count) != last.index - first.index + 1 {
                let (header, body) = RaftEntryBatch.encode(batch.entries, group: group)
                encoded = (key, header, body)
            }
            if let encoded {
                data.dataHeader = encoded.header
                data.dataBody = encoded.body
            }
        }
        let metrics = metrics[peer]
        guard link.send(data) else {
            metrics?.sendRefused()
            return false
        }
        metrics?.sent(
            messageCount: batch.messages.count, entryCount: batch.entries.count,
            byteCount: data.byteCount)
        return true
    }

    func fetchSnapshot(
        _ name: SnapshotStore.Name, group: RaftGroup, from peer: RaftNodeID
    ) async throws {
        let client = try transport.client(config.nodeEndpoints[Int(peer) - 1])
        let snapshots = group.snapshots
        let receiver = try await group.onSnapshotThread {
            SnapshotReceiving(try snapshots.receive(name))
        }
        do {
            let request = SnapshotTicket(
                group: group.groupID, name: name, offset: receiver.value.byteCount)
            for try await part in try await client.doGet(request.ticket) {
                let body = part.dataBody
                try await group.onSnapshotThread { try receiver.value.append(body) }
            }
        } catch {
            try? await group.onSnapshotThread { receiver.value.close() }
            throw error
        }
        try await group.onSnapshotThread { try receiver.value.adopt() }
    }

    func groupFailed(_ error: RaftError) { onFailure(error) }
}

/// Carries a receiver to the snapshot thread and back; only that thread, or nobody, uses it at a time.
private struct SnapshotReceiving: @unchecked Sendable {
    let value: SnapshotReceiver
    init(_ value: SnapshotReceiver) { self.value = value }
}

extension RaftPeers: PeerLinkOwner {
    func hello(for link: PeerLink) -> RaftHello { ownHello() }

    private func ownHello() -> RaftHello {
        let identity = state.withLockedValue { $0.identity }
        return RaftHello(
            clusterID: config.clusterID, nodeID: nodeID, endpoint: identity.endpoint,
            incarnation: identity.incarnation)
    }

    func linkOpened(_ link: PeerLink, _ hello: RaftHello) {
        metrics[link.peer]?.connected()
        guard hello.nodeID == link.peer, hello.clusterID == config.clusterID else {
            let reason =
                "node \(hello.nodeID) of cluster \"\(hello.clusterID)\" answers there; check the node list"
            state.withLockedValue { $0.health[link.peer] = .unhealthy(reason: reason) }
            logger.error(
                "wrong peer", metadata: ["peer": "\(link.endpoint)", "reason": "\(reason)"])
            return
        }
        state.withLockedValue { $0.health[link.peer] = .healthy }
        logger.info("connected", metadata: ["peer": "\(link.endpoint)"])
        weigh(hello.knownIncarnation, from: link)
        let peer = link.peer
        group.input { $0.peerReachable(peer, now: RaftGroup.now()) }
    }

    func linkBroke(_ link: PeerLink, _ error: FlightError) {
        metrics[link.peer]?.connectionFailed()
        let reason = error.message
        let isNews = state.withLockedValue { state in
            let before = state.health.updateValue(.unhealthy(reason: reason), forKey: link.peer)
            return before != .unhealthy(reason: reason)
        }
        if isNews {
            logger.warning(
                "no connection", metadata: ["peer": "\(link.endpoint)", "reason": "\(reason)"])
        }
        let peer = link.peer
        group.input { $0.peerUnreachable(peer, now: RaftGroup.now()) }
    }

    /// What a peer says of this seat: a new directory may vote once every peer has said that it
    /// doesn't know the seat by another one (see `NodeIdentity`).
    private func weigh(_ known: UInt64, from link: PeerLink) {
        enum Verdict { case none, disowned, proven }
        let verdict: Verdict = state.withLockedValue { state in
            guard !state.identity.isProven, !state.isDisowned else { return .none }
            guard known == 0 || known == state.identity.incarnation else {
                state.isDisowned = true
                return .disowned
            }
            state.approvals.insert(link.peer)
            guard state.approvals.count == config.nodeEndpoints.count - 1 else { return .none }
            state.identity.isProven = true
            return .proven
        }
        switch verdict {
        case .none:
            break
        case .disowned:
            logger.error(
                "this node's data directory is new, but its peers know the node by another one: it follows as a learner and doesn't vote, since it has lost its promises",
                metadata: ["node": "\(nodeID)", "told_by": "\(link.endpoint)"])
        case .proven:
            let group = group
            save { isSaved in
                guard isSaved else { return }
                group?.input { $0.allowVoting(now: RaftGroup.now()) }
            }
        }
    }

    /// Writes the identity, as it is by then, on the log's thread.
    private func save(then next: @escaping @Sendable (Bool) -> Void) {
        let (fileSystem, directory, state) = (fileSystem, dataDirectory, state)
        guard let group else { return next(false) }
        let isTaken = group.logWriter.submit(
            .call { _ in
                do throws(RaftError) {
                    try state.withLockedValue { $0.identity }.save(
                        fileSystem: fileSystem, directory: directory)
                    next(true)
                } catch {
                    group.logFailed(error)
                    next(false)
                }
            })
        if !isTaken { next(false) }
    }
}

// MARK: - From peers

extension RaftPeers: RaftTransportReceiver {
    func greet(_ hello: RaftHello) async throws(FlightError) -> RaftHello {
        guard hello.clusterID == config.clusterID else {
            throw FlightError(
                .failedPrecondition,
                "\(hello.endpoint) is a node of cluster \"\(hello.clusterID)\", but this node (\(transport.localEndpoint)) belongs to \"\(config.clusterID)\"; check both nodes' cluster ID and node list"
            )
        }
        guard hello.versionMin <= RaftHello.version, RaftHello.version <= hello.versionMax else {
            throw FlightError(
                .failedPrecondition,
                "\(hello.endpoint) speaks versions \(hello.versionMin) to \(hello.versionMax) of the Raft wire format, this node version \(RaftHello.version); upgrade the older of the two"
            )
        }
        guard links[hello.nodeID] != nil,
            config.nodeEndpoints[Int(hello.nodeID) - 1] == hello.endpoint
        else {
            throw FlightError(
                .failedPrecondition,
                "node \(hello.nodeID) at \(hello.endpoint) isn't a peer in this node's list (\(config.nodeEndpoints.joined(separator: ", "))); all nodes need the same list in the same order"
            )
        }
        let reply = try await recognize(hello)
        eventLoop.execute { self.links[hello.nodeID]?.peerIsUp() }
        return reply
    }

    /// Says by which incarnation the peer is known. A peer that isn't known yet is remembered, durably,
    /// before it hears so.
    private func recognize(_ hello: RaftHello) async throws(FlightError) -> RaftHello {
        let peer = hello.nodeID
        let (known, isSaved) = state.withLockedValue { state in
            let known = state.identity.incarnation(of: peer)
            if known == nil { state.identity.peers[String(peer)] = hello.incarnation }
            return (known, state.savedPeers.contains(peer))
        }
        if !isSaved {
            let succeeded = await withCheckedContinuation { continuation in
                save { continuation.resume(returning: $0) }
            }
            guard succeeded else {
                throw FlightError(
                    .unavailable,
                    "node \(nodeID) can't write down who its peers are; its log says why")
            }
            state.withLockedValue { _ = $0.savedPeers.insert(peer) }
        }
        var reply = ownHello()
        reply.knownIncarnation = known ?? 0
        return reply
    }

    func received(
        _ batch: RaftBatch, group groupID: RaftGroupID, from peer: RaftNodeID, byteCount: Int
    ) {
        guard let group, groupID == group.groupID,
            batch.messages.allSatisfy({ $0.from == peer && $0.to == nodeID })
        else { return }
        metrics[peer]?.received(
            messageCount: batch.messages.count, entryCount: batch.entries.count,
            byteCount: byteCount)
        if eventLoop.inEventLoop {
            group.receive(batch)
        } else {
            eventLoop.execute { group.receive(batch) }
        }
    }

    func readSnapshot(
        _ name: SnapshotStore.Name, group groupID: RaftGroupID, at offset: UInt64
    ) async throws -> ByteBuffer {
        guard let group, groupID == group.groupID else {
            throw FlightError(.notFound, "this node has no group \(groupID)")
        }
        let snapshots = group.snapshots
        do {
            return try await group.onSnapshotThread {
                try snapshots.read(name, at: offset, byteCountMax: 1 << 20).bytes
            }
        } catch let error as RaftError {
            throw FlightError(
                .notFound, "snapshot \(name.index) isn't here any longer: \(error.message)",
                cause: error)
        }
    }

    func transportStops() async {
        try? await eventLoop.submit {
            for link in self.links.values { link.close() }
        }.get()
    }
}
