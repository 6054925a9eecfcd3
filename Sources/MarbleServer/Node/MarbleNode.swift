internal import MarbleCluster
internal import MarbleDB
internal import MarbleEnvironment
internal import MarbleFlight
public import MarbleMetrics
internal import NIOPosix
public import ServiceLifecycle

/// One node of a cluster: the database, its Raft group, and the endpoint that serves both.
public final class MarbleNode: Service {
    public let configuration: NodeConfiguration
    /// A log entry may be as large as Raft and its transport take it, less what an entry has around
    /// the batch.
    private static let entryByteCountMax = 60 << 20
    private static let entryOverhead = 16 << 10

    private let raft: RaftServer
    private let service: DatabaseFlightService
    private let credentials: NodeCredentials

    /// Makes a node; no data is opened and nothing listened on before `start()`.
    ///
    /// - Parameters:
    ///   - logging: makes the loggers of the node's parts.
    ///   - metrics: gets the node's metrics, and is shown at `/metrics` with all else that it has.
    /// - Throws: a configuration error that names a file of credentials which can't be used.
    public init(
        configuration: NodeConfiguration, logging: NodeLogging,
        metrics: MetricsRegistry = MetricsRegistry()
    ) throws(ServerError) {
        credentials = try NodeCredentials(configuration.security, logger: logging.logger(.node))
        self.configuration = configuration
        var limits = DatabaseConfiguration()
        limits.batchByteCountMax =
            min(configuration.messageByteCountMax, Self.entryByteCountMax) - Self.entryOverhead
        let database = Database(configuration: limits)
        let group = MultiThreadedEventLoopGroup.singleton
        service = DatabaseFlightService(
            configuration: configuration, database: database,
            peerConfiguration: credentials.peerConfiguration, metrics: metrics,
            logging: logging, eventLoopGroup: group)
        var serverConfiguration = FlightServerConfiguration()
        serverConfiguration.messageByteCountMax = configuration.messageByteCountMax
        serverConfiguration.partialMessagesByteCountMax = configuration.partialMessagesByteCountMax
        serverConfiguration.resources = service.resources
        serverConfiguration.metricsFactory = metrics
        credentials.apply(to: &serverConfiguration)
        MetricCatalog.describe(in: metrics)
        serverConfiguration.health = service.flightHealth
        let transport = ArrowFlightTransport(
            localEndpoint: configuration.endpoint.description, service: service,
            serverConfiguration: serverConfiguration,
            peerConfiguration: credentials.peerConfiguration, eventLoopGroup: group,
            logger: logging.logger(.flightServer),
            clientLogger: logging.logger(.flightClient))
        raft = RaftServer(
            config: configuration.clusterConfig, transport: transport, stateMachine: database,
            dataDirectory: configuration.dataDirectory, logger: logging.logger(.raft),
            logLogger: logging.logger(.log))
        service.attach(raft)
    }

    /// Opens the data directory, recovers what it holds, and listens; returns when clients can call.
    ///
    /// - Throws: why the node can't run, and what to do about it.
    public func start() async throws(ServerError) {
        try checkDataDirectory()
        do {
            try await raft.start()
            credentials.start(on: MultiThreadedEventLoopGroup.singleton.next())
        } catch let error as RaftError {
            throw ServerError(Self.code(of: error), error.message, cause: error)
        } catch {
            throw ServerError(.node, "the node can't start: \(error)", cause: error)
        }
    }

    /// Hands the leadership over, finishes the open streams, and closes the data directory.
    public func stop() async {
        await raft.stop()
        await service.stop()
        credentials.stop()
    }

    /// Keeps a started node up until a graceful shutdown is asked for, or until it fails.
    ///
    /// - Throws: why the node failed, its disk for instance.
    public func run() async throws {
        let failure = await withGracefulShutdownHandler {
            await raft.waitForEnd()
        } onGracefulShutdown: {
            Task { await self.stop() }
        }
        guard let failure else { return await service.stop() }
        await stop()
        throw ServerError(Self.code(of: failure), failure.message, cause: failure)
    }

    private func checkDataDirectory() throws(ServerError) {
        let files = PosixFileSystem()
        let directory = configuration.dataDirectory
        do {
            try files.createDirectory(directory)
            _ = try files.list(directory)
            let probe = FilePaths.join(directory, ".writable")
            try files.open(probe, .create).close()
            try files.remove(probe)
        } catch {
            throw ServerError(
                .dataDirectory,
                "the data directory \(directory) can't be used: \(error.message)", cause: error)
        }
    }

    private static func code(of error: RaftError) -> ServerError.Code {
        switch error.code {
        case .foreignData, .storage: .dataDirectory
        case .transport: .endpoint
        case .invalidConfiguration: .configuration
        default: .node
        }
    }
}

extension NodeConfiguration {
    /// The memory for requests that have arrived in part, of all clients together: the largest has room, also
    /// if it is compressed. Bytes.
    var partialMessagesByteCountMax: Int {
        max(512 << 20, 2 * messageByteCountMax)
    }

    /// The part of the configuration that is the Raft group's.
    var clusterConfig: RaftClusterConfig {
        RaftClusterConfig(
            clusterID: clusterID,
            nodeEndpoints: nodeEndpoints.map(\.description),
            electionTimeout: electionTimeout,
            heartbeatInterval: heartbeatInterval,
            snapshotDistance: UInt64(snapshotDistance),
            enablePreVote: enablePreVote)
    }
}
