import ArgumentParser
import CoreMetrics
import Foundation
import Logging
import MarbleMetrics
import MarbleServer
import ServiceLifecycle
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs one node of a cluster.",
        discussion: """
            Every option may also be set by an environment variable (MARBLE_ENDPOINT, \
            MARBLE_NODE_ENDPOINTS, MARBLE_CLUSTER_ID, MARBLE_DATA_DIR, …) or in the JSON file that \
            --config or MARBLE_CONFIG names ("endpoint", "node_endpoints", "cluster_id", \
            "data_dir", …). The command line wins over the environment, the environment over the \
            file.
            """)

    @Option(help: "Where this node listens, as it is written in --nodes: HOST:PORT.")
    var endpoint: String?

    @Option(
        help: ArgumentHelp(
            "All nodes of the cluster, in the same order on each: HOST:PORT,HOST:PORT,…",
            valueName: "endpoints"))
    var nodes: String?

    @Option(name: .customLong("cluster-id"), help: "The cluster's name, the same on all nodes.")
    var clusterID: String?

    @Option(name: .customLong("data-dir"), help: "The directory for the node's log and snapshots.")
    var dataDirectory: String?

    @Option(help: "A configuration file (JSON).")
    var config: String?

    @Option(
        name: .customLong("election-timeout-ms"),
        help: "How long a follower waits for its leader (default: 1500).")
    var electionTimeout: Int?

    @Option(
        name: .customLong("heartbeat-interval-ms"),
        help: "How often a leader speaks up (default: 300).")
    var heartbeatInterval: Int?

    @Option(help: "A snapshot is made after so many entries (default: 10000).")
    var snapshotDistance: Int?

    @Flag(
        inversion: .prefixedNo,
        help: "Ask before an election whether it can be won (default: yes).")
    var enablePreVote: Bool?

    @Option(
        name: .customLong("max-message-bytes"),
        help: "A larger request is refused (default: 67108864).")
    var messageByteCountMax: Int?

    @OptionGroup(title: "TLS and access") var security: SecurityOptions

    @Option(help: "trace, debug, info, notice, warning, error or critical (default: info).")
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "Levels of single parts: raft=debug,log=trace,…; parts are node, flight.server, "
                + "flight.client, raft and log.",
            valueName: "component=level"))
    var logLevels: String?

    @Flag(
        name: .customLong("stop-with-input"),
        help: ArgumentHelp("Stop when standard input ends.", visibility: .hidden))
    var stopsWithInput = false

    private var settings: NodeSettings {
        var settings = NodeSettings()
        settings.endpoint = endpoint
        settings.nodeEndpoints = nodes.map { list in
            list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        settings.clusterID = clusterID
        settings.dataDirectory = dataDirectory
        settings.electionTimeoutMilliseconds = electionTimeout
        settings.heartbeatIntervalMilliseconds = heartbeatInterval
        settings.snapshotDistance = snapshotDistance
        settings.enablePreVote = enablePreVote
        settings.messageByteCountMax = messageByteCountMax
        settings.logLevel = logLevel
        settings.logLevels = logLevels.map { list in
            list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        security.apply(to: &settings)
        return settings
    }

    func run() async throws {
        let configuration = try await NodeConfiguration.load(
            flags: settings, environment: ProcessInfo.processInfo.environment, file: config)
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        let logging = NodeLogging(
            level: configuration.logLevel, levels: configuration.logLevels
        ) { StreamLogHandler.standardError(label: $0) }
        let logger = logging.logger(.node)
        let metrics = MetricsRegistry()
        MetricsSystem.bootstrap(metrics)
        let node = try MarbleNode(
            configuration: configuration, logging: logging, metrics: metrics)
        let service = NodeService(node: node, configuration: configuration)
        if stopsWithInput { Self.stopWithInput() }
        do {
            try await ServiceGroup(
                services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
            ).run()
        } catch let error as ServerError {
            throw error
        } catch {
            throw ServerError(.node, "the node ended: \(error)", cause: error)
        }
    }

    /// Whoever started this node holds the other end of its standard input; when that process is
    /// gone, however it ended, so should be the node.
    private static func stopWithInput() {
        Thread.detachNewThread {
            var bytes = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(STDIN_FILENO, &bytes, bytes.count)
                if count == 0 || (count < 0 && errno != EINTR) { break }
            }
            StandardOutput.error("marble: standard input has ended, so the node stops")
            kill(getpid(), SIGTERM)
        }
    }
}

/// Says when the node is ready, and keeps it up until the process is told to stop.
private struct NodeService: Service {
    let node: MarbleNode
    let configuration: NodeConfiguration

    func run() async throws {
        try await node.start()
        StandardOutput.line(
            "ready endpoint=\(configuration.endpoint) node=\(configuration.nodeID)"
                + " cluster=\(configuration.clusterID)")
        try await node.run()
    }
}
