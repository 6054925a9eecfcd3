internal import Configuration
internal import Logging
internal import MarbleCluster

extension NodeConfiguration {
    /// Reads the configuration: what `flags` set wins over the environment's `MARBLE_…` variables,
    /// and those over the configuration file.
    ///
    /// - Parameters:
    ///   - flags: what the command line says.
    ///   - environment: the process's environment variables.
    ///   - file: path of the configuration file; nil takes `MARBLE_CONFIG`, or none.
    /// - Throws: a configuration error that names the setting and says what to do.
    public static func load(
        flags: NodeSettings, environment: [String: String], file: String?
    ) async throws(ServerError) -> NodeConfiguration {
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "command line", values: flags.values),
            EnvironmentVariablesProvider(environmentVariables: environment)
                .prefixKeys(with: "marble"),
        ]
        if let path = file ?? environment["MARBLE_CONFIG"] {
            let file = try NodeConfigurationFile(path: path)
            providers.append(InMemoryProvider(name: "file", values: file.values))
        }
        return try await NodeConfigurationLoader(reader: ConfigReader(providers: providers)).load()
    }
}

/// Fetches each key from the sources and turns what is missing or malformed into a message.
private struct NodeConfigurationLoader {
    let reader: ConfigReader

    func load() async throws(ServerError) -> NodeConfiguration {
        let endpoint = try Self.endpoint(try await required(.endpoint), "endpoint (--endpoint)")
        var nodes: [Endpoint] = []
        for text in try await endpoints() {
            nodes.append(try Self.endpoint(text, "node_endpoints (--nodes)"))
        }
        return try NodeConfiguration(
            endpoint: endpoint,
            nodeEndpoints: nodes,
            clusterID: try await required(.clusterID),
            dataDirectory: try await required(.dataDirectory),
            electionTimeout: try await milliseconds(.electionTimeout)
                ?? NodeConfiguration.electionTimeoutDefault,
            heartbeatInterval: try await milliseconds(.heartbeatInterval)
                ?? NodeConfiguration.heartbeatIntervalDefault,
            snapshotDistance: try await integer(.snapshotDistance)
                ?? NodeConfiguration.snapshotDistanceDefault,
            enablePreVote: try await boolean(.enablePreVote) ?? true,
            messageByteCountMax: try await integer(.messageByteCountMax)
                ?? NodeConfiguration.messageByteCountMaxDefault,
            logLevel: try await level(), logLevels: try await levels(),
            security: try await security())
    }

    private func security() async throws(ServerError) -> NodeSecurity {
        var security = NodeSecurity()
        security.tls = try await tls()
        security.accessListPath = try await path(.accessListPath)
        security.jwtKeysPath = try await path(.jwtKeysPath)
        security.jwtIssuer = try await string(.jwtIssuer)
        security.jwtAudience = try await string(.jwtAudience)
        security.sessionKeyPath = try await path(.sessionKeyPath)
        security.peerTokenPath = try await path(.peerTokenPath)
        return security
    }

    private func tls() async throws(ServerError) -> NodeSecurity.TLS? {
        guard try await boolean(.enableSSL) ?? false else {
            for key in [
                NodeConfigurationKey.tlsCertificatePath, .tlsKeyPath, .tlsRootCertificatesPath,
                .tlsClientAuthentication,
            ] where try await string(key) != nil {
                throw ServerError(
                    .configuration,
                    "\(key.rawValue) is set, but enable_ssl isn't true: set it, or remove"
                        + " \(key.rawValue)")
            }
            return nil
        }
        guard let certificate = try await path(.tlsCertificatePath) else {
            throw missing(.tlsCertificatePath)
        }
        guard let key = try await path(.tlsKeyPath) else { throw missing(.tlsKeyPath) }
        var tls = NodeSecurity.TLS(certificatePath: certificate, keyPath: key)
        tls.rootCertificatesPath = try await path(.tlsRootCertificatesPath)
        if let text = try await string(.tlsClientAuthentication) {
            guard let wanted = NodeSecurity.ClientAuthentication(rawValue: text) else {
                throw ServerError(
                    .configuration,
                    "tls_client_auth is one of none, optional, required, not \"\(text)\"")
            }
            tls.clientAuthentication = wanted
        }
        return tls
    }

    private func path(_ key: NodeConfigurationKey) async throws(ServerError) -> String? {
        let text = try await string(key)
        guard text != "" else {
            throw ServerError(.configuration, "\(key.rawValue) is empty; give the path of a file")
        }
        return text
    }

    private static func endpoint(
        _ text: String, _ field: String
    ) throws(ServerError) -> Endpoint {
        let endpoint: Endpoint
        do {
            endpoint = try Endpoint(text, field: field)
        } catch {
            throw ServerError(.configuration, error.message, cause: error)
        }
        guard endpoint.port > 0 else {
            throw ServerError(
                .configuration, "\(field): \"\(text)\" has no port from 1 to 65535")
        }
        return endpoint
    }

    private func missing(_ key: NodeConfigurationKey) -> ServerError {
        let flag = key.flag.map { "give \($0), " } ?? "set "
        return ServerError(
            .configuration,
            "\(key.rawValue) is missing: \(flag)\(key.environmentName) in the environment,"
                + " or \"\(key.rawValue)\" in the configuration file")
    }

    private func malformed(_ key: NodeConfigurationKey, _ error: any Error) -> ServerError {
        // The command line and the file were checked already, so it is the environment's text.
        ServerError(
            .configuration, "\(key.environmentName) must be \(key.kind.description)",
            cause: error)
    }

    private func required(_ key: NodeConfigurationKey) async throws(ServerError) -> String {
        guard let text = try await string(key) else { throw missing(key) }
        return text
    }

    private func string(_ key: NodeConfigurationKey) async throws(ServerError) -> String? {
        do {
            return try await reader.fetchString(forKey: ConfigKey([key.rawValue]))
        } catch {
            throw malformed(key, error)
        }
    }

    private func endpoints() async throws(ServerError) -> [String] {
        let texts = try await strings(.nodeEndpoints)
        guard let texts, !texts.isEmpty else { throw missing(.nodeEndpoints) }
        return texts
    }

    private func strings(_ key: NodeConfigurationKey) async throws(ServerError) -> [String]? {
        do {
            return try await reader.fetchStringArray(forKey: ConfigKey([key.rawValue]))
        } catch {
            throw malformed(key, error)
        }
    }

    private func integer(_ key: NodeConfigurationKey) async throws(ServerError) -> Int? {
        do {
            return try await reader.fetchInt(forKey: ConfigKey([key.rawValue]))
        } catch {
            throw malformed(key, error)
        }
    }

    private func milliseconds(_ key: NodeConfigurationKey) async throws(ServerError) -> Duration? {
        guard let number = try await integer(key) else { return nil }
        guard (1...3_600_000).contains(number) else {
            throw ServerError(
                .configuration, "\(key.rawValue) must be from 1 to 3600000, not \(number)")
        }
        return .milliseconds(number)
    }

    private func boolean(_ key: NodeConfigurationKey) async throws(ServerError) -> Bool? {
        do {
            return try await reader.fetchBool(forKey: ConfigKey([key.rawValue]))
        } catch {
            throw malformed(key, error)
        }
    }

    private func level() async throws(ServerError) -> Logger.Level {
        guard let text = try await string(.logLevel) else { return .info }
        return try Logger.Level(name: text, of: "log_level")
    }

    private func levels() async throws(ServerError) -> [LogComponent: Logger.Level] {
        var levels: [LogComponent: Logger.Level] = [:]
        for text in try await strings(.logLevels) ?? [] {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first, let level = parts.last, parts.count == 2 else {
                throw ServerError(
                    .configuration,
                    "log_levels has \"\(text)\", which isn't component=level, such as raft=debug")
            }
            levels[try LogComponent(name: String(name), of: "log_levels")] =
                try Logger.Level(name: String(level), of: "log_levels")
        }
        return levels
    }
}
