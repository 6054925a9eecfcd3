internal import Configuration

/// What one source (the command line, say) sets; nil is left to the next source.
public struct NodeSettings: Sendable {
    public var endpoint: String?
    public var nodeEndpoints: [String]?
    public var clusterID: String?
    public var dataDirectory: String?
    public var electionTimeoutMilliseconds: Int?
    public var heartbeatIntervalMilliseconds: Int?
    public var snapshotDistance: Int?
    public var enablePreVote: Bool?
    public var messageByteCountMax: Int?
    public var logLevel: String?
    /// Each `component=level`.
    public var logLevels: [String]?
    public var enableSSL: Bool?
    public var tlsCertificatePath: String?
    public var tlsKeyPath: String?
    public var tlsRootCertificatesPath: String?
    public var tlsClientAuthentication: String?
    public var accessListPath: String?
    public var jwtKeysPath: String?
    public var jwtIssuer: String?
    public var jwtAudience: String?
    public var sessionKeyPath: String?
    public var peerTokenPath: String?

    public init() {}

    /// The settings under their keys, for a configuration reader.
    var values: [AbsoluteConfigKey: ConfigValue] {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        func set(_ key: NodeConfigurationKey, _ content: ConfigContent?) {
            guard let content else { return }
            values[AbsoluteConfigKey([key.rawValue])] = ConfigValue(content, isSecret: false)
        }
        set(.endpoint, endpoint.map { .string($0) })
        set(.nodeEndpoints, nodeEndpoints.map { .stringArray($0) })
        set(.clusterID, clusterID.map { .string($0) })
        set(.dataDirectory, dataDirectory.map { .string($0) })
        set(.electionTimeout, electionTimeoutMilliseconds.map { .int($0) })
        set(.heartbeatInterval, heartbeatIntervalMilliseconds.map { .int($0) })
        set(.snapshotDistance, snapshotDistance.map { .int($0) })
        set(.enablePreVote, enablePreVote.map { .bool($0) })
        set(.messageByteCountMax, messageByteCountMax.map { .int($0) })
        set(.logLevel, logLevel.map { .string($0) })
        set(.logLevels, logLevels.map { .stringArray($0) })
        set(.enableSSL, enableSSL.map { .bool($0) })
        for (key, text) in [
            (.tlsCertificatePath, tlsCertificatePath), (.tlsKeyPath, tlsKeyPath),
            (.tlsRootCertificatesPath, tlsRootCertificatesPath),
            (.tlsClientAuthentication, tlsClientAuthentication),
            (.accessListPath, accessListPath), (.jwtKeysPath, jwtKeysPath),
            (.jwtIssuer, jwtIssuer), (.jwtAudience, jwtAudience),
            (.sessionKeyPath, sessionKeyPath), (.peerTokenPath, peerTokenPath),
        ] as [(NodeConfigurationKey, String?)] {
            set(key, text.map { .string($0) })
        }
        return values
    }
}
