public import Logging
internal import MarbleEnvironment
internal import MarbleFlight
public import MarbleRaft
internal import NIOConcurrencyHelpers
public import NIOCore

/// One node of a Raft group: replicates a user's `RaftStateMachine` with its peers.
///
/// ```swift
/// let config = RaftClusterConfig(clusterID: "counters", nodeEndpoints: ["a:5001", "b:5001", "c:5001"])
/// let server = RaftServer(
///     config: config, transport: ArrowFlightTransport(localEndpoint: "a:5001"),
///     stateMachine: Counter(), dataDirectory: "/var/lib/counter")
/// try await server.start()
/// let result = try await server.propose(ByteBuffer(string: "increment"))
/// ```
public final class RaftServer: Sendable {
    enum Phase {
        case idle
        case starting
        case running(RaftGroup, LogWriter, RaftPeers, any FileLock)
        case stopped
    }

    struct State {
        var phase = Phase.idle
        var failure: RaftError?
        var failureWaiters: [CheckedContinuation<RaftError?, Never>] = []
    }

    /// The one group that a node hosts so far.
    static let groupID: RaftGroupID = 1

    /// How the group is made up and timed.
    public let config: RaftClusterConfig
    /// What carries the messages; started and stopped with the server.
    public let transport: ArrowFlightTransport
    /// Where log, snapshots and identity are kept.
    public let dataDirectory: String
    /// The state that is replicated.
    public let stateMachine: any RaftStateMachine
    let logStoreOverride: (any RaftLogStore)?
    let logger: Logger
    let logLogger: Logger
    let state = NIOLockedValueBox(State())

    /// Makes a node. Nothing is opened before `start()`.
    ///
    /// - Parameters:
    ///   - config: the same on all nodes; the node's ID is the place of the transport's endpoint in
    ///     its `nodeEndpoints`.
    ///   - transport: the node's transport; it must serve this server only.
    ///   - stateMachine: the state to replicate.
    ///   - dataDirectory: a directory of this node alone; created when missing.
    ///   - logLogger: is told what concerns the log on the disk; nil for `logger`.
    ///   - logStore: where the log is kept instead of the data directory, such as `MemoryRaftLog`.
    public init(
        config: RaftClusterConfig, transport: ArrowFlightTransport,
        stateMachine: any RaftStateMachine, dataDirectory: String,
        logStore: (any RaftLogStore)? = nil, logger: Logger = Logger(label: "marble.raft"),
        logLogger: Logger? = nil
    ) {
        self.config = config
        self.transport = transport
        self.stateMachine = stateMachine
        self.dataDirectory = dataDirectory
        logStoreOverride = logStore
        self.logger = logger
        self.logLogger = logLogger ?? logger
    }

    var group: RaftGroup? {
        state.withLockedValue {
            guard case .running(let group, _, _, _) = $0.phase else { return nil }
            return group
        }
    }

    var peers: RaftPeers? {
        state.withLockedValue {
            guard case .running(_, _, let peers, _) = $0.phase else { return nil }
            return peers
        }
    }

    // MARK: Writing and reading

    /// Proposes a command and waits until it is committed and applied on this node.
    ///
    /// - Returns: the entry's index and term, and what the state machine answered.
    /// - Throws: `RaftError`: `.notLeader` (its `leader` says whom to ask), `.outcomeUnknown` when the
    ///   command may or may not take effect, `.superseded` when it won't, `.unavailable`,
    ///   `.overloaded`, `.tooLarge`, `.stopped`.
    public func propose(_ payload: ByteBuffer) async throws -> RaftProposalResult {
        guard let group else { throw RaftGroup.notRunning }
        return try await withCheckedThrowingContinuation { continuation in
            let owner = SingleProposal(continuation) { self.naming($0) }
            group.propose([payload], owner: owner, firstToken: 0)
        }
    }

    /// Proposes commands in a row, from any thread; the owner hears of each by its token, from
    /// `firstToken` up, on the group's event loop.
    package func propose(
        _ payloads: [ByteBuffer], owner: any RaftProposalOwner, firstToken: UInt64
    ) {
        guard let group else {
            return owner.proposalsFailed(
                (0..<UInt64(payloads.count)).map { firstToken + $0 }, RaftGroup.notRunning)
        }
        group.propose(payloads, owner: owner, firstToken: firstToken)
    }

    /// A linearizable barrier from any node (ReadIndex, thesis §6.4): returns once the state machine
    /// has applied everything that was committed when this was called.
    ///
    /// - Returns: an index that the state machine has reached at least.
    /// - Throws: `RaftError` with code `.unavailable` when no leader confirms in time.
    @discardableResult
    public func readIndex() async throws -> RaftIndex {
        guard let group else { throw RaftGroup.notRunning }
        return try await withCheckedThrowingContinuation { continuation in
            group.readIndex { continuation.resume(with: $0) }
        }
    }

    /// Entries of this node's log from `first` on, at most `byteCountMax` payload bytes (but one
    /// entry at least); empty where the log doesn't reach.
    package func entries(from first: RaftIndex, byteCountMax: Int) async throws -> [RaftEntry] {
        guard let group, let writer = logWriter else { throw RaftGroup.notRunning }
        return try await withCheckedThrowingContinuation { continuation in
            let groupID = group.groupID
            let isTaken = writer.submit(
                .call { store in
                    continuation.resume(
                        with: Result {
                            let log = try store.recovery(group: groupID)
                            let start = max(first, log.baseIndex + 1)
                            guard start <= log.lastIndex else { return [] }
                            return try store.entries(
                                group: groupID, from: start, through: log.lastIndex,
                                byteCountMax: byteCountMax)
                        })
                })
            if !isTaken { continuation.resume(throwing: RaftGroup.notRunning) }
        }
    }

    private var logWriter: LogWriter? {
        state.withLockedValue {
            guard case .running(_, let writer, _, _) = $0.phase else { return nil }
            return writer
        }
    }

    private func naming(_ error: RaftError) -> RaftError {
        guard error.code == .notLeader, error.leader == nil, let leader else { return error }
        var named = error
        named.leader = leader.endpoint
        return named
    }

    // MARK: Views

    /// Who leads, as far as this node knows. Cheap, from any thread.
    public var leader: RaftLeader? {
        guard let id = group?.published.withLockedValue({ $0.leaderID }) else { return nil }
        return RaftLeader(nodeID: id, endpoint: config.nodeEndpoints[Int(id) - 1])
    }

    /// Whether this node leads, as far as it knows. Cheap, from any thread.
    public var isLeader: Bool {
        group?.published.withLockedValue { $0.role == .leader } ?? false
    }

    /// The last entry that the state machine has applied. Cheap, from any thread.
    public var appliedIndex: RaftIndex {
        group?.published.withLockedValue { $0.appliedIndex } ?? 0
    }

    /// What this node's Raft and transport have counted.
    public var metrics: RaftMetrics { transport.metrics }

    /// How the node's parts do.
    public var health: [HealthComponent: HealthStatus] {
        guard let group else {
            return [.raft: .unhealthy(reason: "the server isn't running; start it")]
        }
        var health = transport.health
        let published = group.published.withLockedValue { $0 }
        health[.log] = published.failure.map { .unhealthy(reason: $0.message) } ?? .healthy
        if published.failure == nil, published.isSpaceLow {
            health[.log] = .unhealthy(
                reason: "the disk of \(dataDirectory) is full; free space there")
        }
        health[.leader] =
            published.leaderID == nil
            ? .unhealthy(
                reason: "no leader is known; check that a majority of the nodes is up and reachable"
            )
            : .healthy
        let lag = published.commitIndex - min(published.appliedIndex, published.commitIndex)
        health[.state] =
            lag > config.snapshotDistance
            ? .unhealthy(
                reason:
                    "\(lag) committed entries are not applied yet; the node is catching up, wait for it"
            )
            : .healthy
        return health
    }

    /// The group as this node sees it now.
    public var status: RaftStatus {
        get async throws {
            guard let group, let peers else { throw RaftGroup.notRunning }
            let config = config
            return try await group.eventLoop.submit {
                guard let driver = group.driver else { throw RaftGroup.notRunning }
                return Self.status(driver, group, peers, config)
            }.get()
        }
    }

    private static func status(
        _ driver: RaftDriver, _ group: RaftGroup, _ peers: RaftPeers, _ config: RaftClusterConfig
    ) -> RaftStatus {
        let core = driver.core
        let health = peers.health
        let members = config.nodeEndpoints.enumerated().map { position, endpoint in
            let id = RaftNodeID(position) + 1
            let progress = core.progress(of: id)
            let isOwn = id == core.nodeID
            let counts = isOwn ? core.mayVote : progress?.countsForQuorum ?? true
            var reason: String?
            if !isOwn, case .unhealthy(let why)? = health[.peer(endpoint)] { reason = why }
            return RaftStatus.Member(
                nodeID: id, endpoint: endpoint, kind: counts ? .voter : .learner,
                matchIndex: isOwn ? core.persistedIndex : progress?.matchIndex,
                isHealthy: reason == nil, reason: reason)
        }
        return RaftStatus(
            groupID: group.groupID, nodeID: core.nodeID, role: core.role, term: core.term,
            leader: core.leader.map {
                RaftLeader(nodeID: $0, endpoint: config.nodeEndpoints[Int($0) - 1])
            },
            commitIndex: core.commitIndex, appliedIndex: driver.appliedIndex,
            firstIndex: core.firstIndex, lastIndex: core.lastIndex,
            snapshotIndex: core.snapshotIndex, members: members)
    }
}

/// One proposal with one waiting caller.
private final class SingleProposal: RaftProposalOwner {
    private let continuation: CheckedContinuation<RaftProposalResult, any Error>
    private let completing: @Sendable (RaftError) -> RaftError

    init(
        _ continuation: CheckedContinuation<RaftProposalResult, any Error>,
        completing: @escaping @Sendable (RaftError) -> RaftError
    ) {
        self.continuation = continuation
        self.completing = completing
    }

    func proposalsApplied(_ results: [RaftProposalResult]) {
        for result in results { continuation.resume(returning: result) }
    }

    func proposalsFailed(_ tokens: [UInt64], _ error: RaftError) {
        for _ in tokens { continuation.resume(throwing: completing(error)) }
    }
}
