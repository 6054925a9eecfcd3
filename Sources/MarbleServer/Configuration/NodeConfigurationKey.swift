/// The keys of a node's configuration file; `MARBLE_` and the key in capitals is the environment
/// variable of the same meaning.
enum NodeConfigurationKey: String, CaseIterable {
    case endpoint
    case nodeEndpoints = "node_endpoints"
    case clusterID = "cluster_id"
    case dataDirectory = "data_dir"
    case electionTimeout = "election_timeout_ms"
    case heartbeatInterval = "heartbeat_interval_ms"
    case snapshotDistance = "snapshot_distance"
    case enablePreVote = "enable_pre_vote"
    case enableSSL = "enable_ssl"
    case tlsCertificatePath = "tls_cert_path"
    case tlsKeyPath = "tls_key_path"
    case tlsRootCertificatesPath = "tls_root_certs_path"
    case tlsClientAuthentication = "tls_client_auth"
    case accessListPath = "auth_tokens_path"
    case jwtKeysPath = "auth_jwt_keys_path"
    case jwtIssuer = "auth_jwt_issuer"
    case jwtAudience = "auth_jwt_audience"
    case sessionKeyPath = "auth_session_key_path"
    case peerTokenPath = "auth_peer_token_path"
    case messageByteCountMax = "max_message_bytes"
    case logLevel = "log_level"
    case logLevels = "log_levels"

    enum Kind {
        case string, strings, integer, boolean

        var description: String {
            switch self {
            case .string: "a string"
            case .strings: "an array of strings"
            case .integer: "a whole number"
            case .boolean: "true or false"
            }
        }
    }

    var kind: Kind {
        switch self {
        case .endpoint, .clusterID, .dataDirectory, .logLevel, .tlsCertificatePath, .tlsKeyPath,
            .tlsRootCertificatesPath, .tlsClientAuthentication, .accessListPath, .jwtKeysPath,
            .jwtIssuer, .jwtAudience, .sessionKeyPath, .peerTokenPath:
            .string
        case .nodeEndpoints, .logLevels: .strings
        case .electionTimeout, .heartbeatInterval, .snapshotDistance, .messageByteCountMax:
            .integer
        case .enablePreVote, .enableSSL: .boolean
        }
    }

    var environmentName: String { "MARBLE_" + rawValue.uppercased() }

    /// The command's flag, where there is one.
    var flag: String? {
        switch self {
        case .endpoint: "--endpoint HOST:PORT"
        case .nodeEndpoints: "--nodes HOST:PORT,HOST:PORT,…"
        case .clusterID: "--cluster-id NAME"
        case .dataDirectory: "--data-dir DIR"
        case .tlsCertificatePath: "--tls-cert-path FILE"
        case .tlsKeyPath: "--tls-key-path FILE"
        default: nil
        }
    }
}
