/// How a Raft group is made up and timed; the same on all of its nodes.
///
/// In files it has the reference's spelling: `cluster_id`, `node_endpoints`,
/// `election_timeout_ms`, `heartbeat_interval_ms`, `snapshot_distance`, `enable_pre_vote`, `enable_ssl`.
public struct RaftClusterConfig: Sendable, Equatable {
    /// Names the cluster; nodes of another cluster are refused.
    public var clusterID: String
    /// The initial members' endpoints, `host:port` (`[address]:port` for IPv6). A node's ID is its
    /// endpoint's place in this list, from 1.
    public var nodeEndpoints: [String]
    /// A follower that hears nothing from a leader for this long, or up to twice as long
    /// (randomised), starts an election.
    public var electionTimeout: Duration
    /// How often a leader says that it is there; less than a third of `electionTimeout` is sensible.
    public var heartbeatInterval: Duration
    /// Entries applied between two snapshots.
    public var snapshotDistance: UInt64
    /// Whether a node asks first if it could win before it starts an election (thesis §9.6), so
    /// that one that was cut off doesn't depose a working leader when it comes back.
    public var enablePreVote: Bool
    /// TLS between the nodes; nil: everything travels in the clear. A transport that was made with TLS of its
    /// own keeps that. One without a service for clients lets nobody in who has no certificate.
    public var tls: RaftTLS?

    public init(
        clusterID: String,
        nodeEndpoints: [String],
        electionTimeout: Duration = .milliseconds(1500),
        heartbeatInterval: Duration = .milliseconds(300),
        snapshotDistance: UInt64 = 10_000,
        enablePreVote: Bool = true,
        tls: RaftTLS? = nil
    ) {
        self.clusterID = clusterID
        self.nodeEndpoints = nodeEndpoints
        self.electionTimeout = electionTimeout
        self.heartbeatInterval = heartbeatInterval
        self.snapshotDistance = snapshotDistance
        self.enablePreVote = enablePreVote
        self.tls = tls
    }

    /// Checks every field.
    ///
    /// - Throws: `RaftError` with code `.invalidConfiguration`, whose message names the field.
    public func validate() throws(RaftError) {
        try Self.check(!clusterID.isEmpty, "cluster_id is empty; give the cluster a name")
        try Self.check(
            clusterID.utf8.count <= 255 && !clusterID.unicodeScalars.contains { $0.value < 32 },
            "cluster_id must be at most 255 bytes without control characters")
        try Self.check(
            !nodeEndpoints.isEmpty, "node_endpoints is empty; list every node's host:port")
        var seen: Set<String> = []
        for endpoint in nodeEndpoints {
            _ = try Endpoint(endpoint, field: "node_endpoints")
            try Self.check(
                seen.insert(endpoint).inserted,
                "node_endpoints has \(endpoint) twice; every node has its own host:port")
        }
        try Self.check(
            electionTimeout >= .milliseconds(10) && electionTimeout <= .seconds(3600),
            "election_timeout_ms must be from 10 to 3600000 (an hour)")
        try Self.check(
            heartbeatInterval >= .milliseconds(1),
            "heartbeat_interval_ms must be at least 1")
        try Self.check(
            heartbeatInterval * 2 <= electionTimeout,
            "heartbeat_interval_ms must be at most half of election_timeout_ms, or followers start elections while their leader is well"
        )
        try Self.check(snapshotDistance >= 1, "snapshot_distance must be at least 1")
        guard let tls else { return }
        for (key, path) in [
            ("tls_cert_path", tls.certificatePath), ("tls_key_path", tls.keyPath),
            ("tls_root_certs_path", tls.rootCertificatesPath),
        ] {
            try Self.check(
                !path.isEmpty, "\(key) is empty; enable_ssl needs the path of a PEM file")
        }
    }

    /// The ID of the node with this endpoint: its place in `nodeEndpoints`, from 1.
    public func nodeID(of endpoint: String) -> UInt64? {
        nodeEndpoints.firstIndex(of: endpoint).map { UInt64($0) + 1 }
    }

    private static func check(_ holds: Bool, _ message: String) throws(RaftError) {
        if !holds { throw RaftError(.invalidConfiguration, message) }
    }
}

extension RaftClusterConfig: Codable {
    private enum CodingKeys: String, CodingKey {
        case clusterID = "cluster_id"
        case nodeEndpoints = "node_endpoints"
        case electionTimeout = "election_timeout_ms"
        case heartbeatInterval = "heartbeat_interval_ms"
        case snapshotDistance = "snapshot_distance"
        case enablePreVote = "enable_pre_vote"
        case enableSSL = "enable_ssl"
        case tlsCertificatePath = "tls_cert_path"
        case tlsKeyPath = "tls_key_path"
        case tlsRootCertificatesPath = "tls_root_certs_path"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            clusterID: try values.decode(String.self, forKey: .clusterID),
            nodeEndpoints: try values.decode([String].self, forKey: .nodeEndpoints))
        if let milliseconds = try values.decodeIfPresent(Int64.self, forKey: .electionTimeout) {
            electionTimeout = .milliseconds(milliseconds)
        }
        if let milliseconds = try values.decodeIfPresent(Int64.self, forKey: .heartbeatInterval) {
            heartbeatInterval = .milliseconds(milliseconds)
        }
        if let distance = try values.decodeIfPresent(UInt64.self, forKey: .snapshotDistance) {
            snapshotDistance = distance
        }
        if let enabled = try values.decodeIfPresent(Bool.self, forKey: .enablePreVote) {
            enablePreVote = enabled
        }
        if try values.decodeIfPresent(Bool.self, forKey: .enableSSL) ?? false {
            func path(_ key: CodingKeys) throws -> String {
                try values.decodeIfPresent(String.self, forKey: key) ?? ""
            }
            tls = RaftTLS(
                certificatePath: try path(.tlsCertificatePath), keyPath: try path(.tlsKeyPath),
                rootCertificatesPath: try path(.tlsRootCertificatesPath))
        } else {
            for key in [CodingKeys.tlsCertificatePath, .tlsKeyPath, .tlsRootCertificatesPath] {
                try Self.check(
                    !values.contains(key),
                    "\(key.rawValue) is set, but enable_ssl isn't true: set it, or remove \(key.rawValue)"
                )
            }
        }
        try validate()
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(clusterID, forKey: .clusterID)
        try values.encode(nodeEndpoints, forKey: .nodeEndpoints)
        try values.encode(electionTimeout.wholeMilliseconds, forKey: .electionTimeout)
        try values.encode(heartbeatInterval.wholeMilliseconds, forKey: .heartbeatInterval)
        try values.encode(snapshotDistance, forKey: .snapshotDistance)
        try values.encode(enablePreVote, forKey: .enablePreVote)
        try values.encode(tls != nil, forKey: .enableSSL)
        try values.encodeIfPresent(tls?.certificatePath, forKey: .tlsCertificatePath)
        try values.encodeIfPresent(tls?.keyPath, forKey: .tlsKeyPath)
        try values.encodeIfPresent(tls?.rootCertificatesPath, forKey: .tlsRootCertificatesPath)
    }
}

extension Duration {
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
