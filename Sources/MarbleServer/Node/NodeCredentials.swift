internal import Logging
internal import MarbleAuth
internal import MarbleFlight
internal import NIOConcurrencyHelpers
internal import NIOCore

/// A node's security at work: what its server asks of callers, and what it shows to the other nodes.
final class NodeCredentials: Sendable {
    private static let tokenByteCountMax = 4096
    private static let reloadInterval = Duration.seconds(1)

    private let security: NodeSecurity
    private let authenticator: MarbleAuthenticator?
    private let peerToken: ReloadedValue<String>?
    private let polling = NIOLockedValueBox<RepeatedTask?>(nil)

    /// Reads the files. Blocking.
    /// - Throws: a configuration error that names the file.
    init(_ security: NodeSecurity, logger: Logger) throws(ServerError) {
        self.security = security
        do {
            authenticator =
                security.needsCredentials
                ? try MarbleAuthenticator(
                    configuration: security.authConfiguration, logger: logger) : nil
            peerToken = try security.peerTokenPath.map { path in
                try ReloadedValue("peer token", paths: [path], logger: logger) {
                    try Self.token(path)
                }
            }
        } catch {
            let message = (error as? FlightError)?.message ?? "\(error)"
            throw ServerError(.configuration, message, cause: error)
        }
        if security.needsCredentials, security.tls == nil {
            logger.warning(
                "credentials travel in the clear, and who listens can use them: set enable_ssl")
        }
    }

    private static func token(_ path: String) throws(FlightError) -> String {
        let bytes = try WatchedFile.read(path, byteCountMax: tokenByteCountMax)
        let token = bytes.filter { $0 > 0x20 && $0 < 0x7F }
        guard !token.isEmpty else {
            throw FlightError(
                .failedPrecondition, "\(path) is empty; write the token of marble token to it")
        }
        return String(decoding: token, as: UTF8.self)
    }

    /// Looks at the files from now on.
    func start(on eventLoop: any EventLoop) {
        authenticator?.start(on: eventLoop)
        let task = peerToken?.poll(every: Self.reloadInterval, on: eventLoop)
        polling.withLockedValue { $0 = task }
    }

    func stop() {
        authenticator?.stop()
        polling.withLockedValue { $0.take() }?.cancel()
    }

    /// Sets what the node's server asks of callers.
    func apply(to server: inout FlightServerConfiguration) {
        server.authenticator = authenticator
        guard let tls = security.tls else { return }
        let roots = tls.roots
        server.tls = FlightServerTLS(
            identity: tls.identity,
            clientCertificates: {
                switch tls.clientAuthentication {
                case .none: .none
                case .optional: .optional(roots)
                case .required: .required(roots)
                }
            }())
    }

    /// How other nodes are called.
    var peerConfiguration: FlightClientConfiguration {
        var configuration = FlightClientConfiguration(host: "", port: 0)
        if let tls = security.tls {
            configuration.tls = FlightClientTLS(trustRoots: tls.roots, identity: tls.identity)
        }
        if let peerToken { configuration.authorization = { "Bearer \(peerToken.current)" } }
        return configuration
    }
}

extension NodeSecurity {
    fileprivate var authConfiguration: AuthConfiguration {
        AuthConfiguration(
            accessListPath: accessListPath,
            jwt: jwtKeysPath.map {
                AuthConfiguration.JWT(keysPath: $0, issuer: jwtIssuer, audience: jwtAudience)
            }, sessionKeyPath: sessionKeyPath)
    }
}

extension NodeSecurity.TLS {
    fileprivate var identity: FlightTLSIdentity {
        FlightTLSIdentity(certificateChain: .file(certificatePath), privateKey: .file(keyPath))
    }

    fileprivate var roots: FlightTrustRoots {
        rootCertificatesPath.map { .pem(.file($0)) } ?? .system
    }
}
