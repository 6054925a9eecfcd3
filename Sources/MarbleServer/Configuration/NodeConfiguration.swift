public import Logging
public import MarbleCluster

/// Everything that a node is told from outside, checked.
public struct NodeConfiguration: Sendable {
    /// Where this node listens; one of `nodeEndpoints`.
    public var endpoint: Endpoint
    /// The initial members, in the order that gives them their IDs, the same on all nodes.
    public var nodeEndpoints: [Endpoint]
    /// The cluster's name: nodes of other clusters are refused.
    public var clusterID: String
    public var dataDirectory: String
    public var electionTimeout: Duration
    public var heartbeatInterval: Duration
    /// A snapshot is made whenever this many entries were applied since the last.
    public var snapshotDistance: Int
    public var enablePreVote: Bool
    /// A request larger than this is refused.
    public var messageByteCountMax: Int
    public var logLevel: Logger.Level
    /// The levels of the parts that don't have the common one.
    public var logLevels: [LogComponent: Logger.Level]
    /// TLS, and who may call.
    public var security: NodeSecurity

    public static let electionTimeoutDefault = Duration.milliseconds(1500)
    public static let heartbeatIntervalDefault = Duration.milliseconds(300)
    public static let snapshotDistanceDefault = 10_000
    public static let messageByteCountMaxDefault = 64 << 20

    /// The node's place in the list of nodes, from 1.
    public var nodeID: UInt64 {
        UInt64((nodeEndpoints.firstIndex(of: endpoint) ?? -1) + 1)
    }

    /// - Throws: a configuration error that names the setting.
    public init(
        endpoint: Endpoint, nodeEndpoints: [Endpoint], clusterID: String,
        dataDirectory: String, electionTimeout: Duration = Self.electionTimeoutDefault,
        heartbeatInterval: Duration = Self.heartbeatIntervalDefault,
        snapshotDistance: Int = Self.snapshotDistanceDefault, enablePreVote: Bool = true,
        messageByteCountMax: Int = Self.messageByteCountMaxDefault,
        logLevel: Logger.Level = .info, logLevels: [LogComponent: Logger.Level] = [:],
        security: NodeSecurity = NodeSecurity()
    ) throws(ServerError) {
        self.endpoint = endpoint
        self.nodeEndpoints = nodeEndpoints
        self.clusterID = clusterID
        self.dataDirectory = dataDirectory
        self.electionTimeout = electionTimeout
        self.heartbeatInterval = heartbeatInterval
        self.snapshotDistance = snapshotDistance
        self.enablePreVote = enablePreVote
        self.messageByteCountMax = messageByteCountMax
        self.logLevel = logLevel
        self.logLevels = logLevels
        self.security = security
        try validate()
        try security.validate(nodeCount: nodeEndpoints.count)
    }

    private func validate() throws(ServerError) {
        func check(_ holds: Bool, _ message: @autoclosure () -> String) throws(ServerError) {
            guard holds else { throw ServerError(.configuration, message()) }
        }
        let list = nodeEndpoints.map(\.description).joined(separator: ",")
        try check(
            Set(nodeEndpoints).count == nodeEndpoints.count,
            "node_endpoints (--nodes) names an endpoint twice: \(list)")
        try check(
            nodeEndpoints.contains(endpoint),
            "endpoint \(endpoint) isn't in the node list \(list); give --endpoint as it is written"
                + " in --nodes, or add this node to --nodes")
        try check(
            !clusterID.isEmpty && clusterID.utf8.count <= 255
                && clusterID.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F },
            "cluster_id (--cluster-id) must be 1 to 255 bytes without spaces or control"
                + " characters")
        try check(!dataDirectory.isEmpty, "data_dir (--data-dir) is empty")
        try check(
            heartbeatInterval >= .milliseconds(1),
            "heartbeat_interval_ms must be at least 1")
        try check(
            electionTimeout >= heartbeatInterval * 2,
            "election_timeout_ms must be at least twice heartbeat_interval_ms, so that one lost"
                + " heartbeat doesn't start an election")
        try check(
            electionTimeout <= .seconds(3600), "election_timeout_ms must be at most 3600000")
        try check(snapshotDistance >= 1, "snapshot_distance must be at least 1")
        try check(
            (64 << 10...1 << 30).contains(messageByteCountMax),
            "max_message_bytes must be from 65536 to 1073741824")
    }
}
