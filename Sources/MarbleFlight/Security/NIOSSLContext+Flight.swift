import Logging
import NIOCore
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

// Blocking: these read files.

extension FlightServerTLS {
    static let protocols = ["h2", "http/1.1"]

    var paths: [String] {
        switch clientCertificates {
        case .none: identity.paths
        case .optional(let roots), .required(let roots): identity.paths + roots.paths
        }
    }

    /// - Throws: ``FlightError`` that names the file which can't be used, and why.
    func makeContext(_ logger: Logger) throws(FlightError) -> NIOSSLContext {
        let (chain, key) = try identity.load(logger)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.applicationProtocols = Self.protocols
        configuration.minimumTLSVersion = minimumVersion.library
        configuration.shutdownTimeout = TLSTimes.shutdown
        switch clientCertificates {
        case .none:
            configuration.certificateVerification = .none
        case .optional(let roots):
            configuration.certificateVerification = .optionalVerification
            configuration.trustRoots = try roots.load()
        case .required(let roots):
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = try roots.load()
        }
        return try identity.makeContext(configuration)
    }
}

extension FlightClientTLS {
    var paths: [String] { (identity?.paths ?? []) + trustRoots.paths }

    /// - Throws: ``FlightError`` that names the file which can't be used, and why.
    func makeContext(_ logger: Logger) throws(FlightError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["h2"]
        configuration.minimumTLSVersion = minimumVersion.library
        configuration.shutdownTimeout = TLSTimes.shutdown
        configuration.trustRoots = try trustRoots.load()
        if verification == .none {
            configuration.certificateVerification = .none
            logger.warning(
                "TLS VERIFICATION IS OFF: anyone between this client and its server can read and change everything"
            )
        }
        guard let identity else { return try FlightTLSIdentity.makeContext(configuration, nil) }
        let (chain, key) = try identity.load(logger)
        configuration.certificateChain = chain.map { .certificate($0) }
        configuration.privateKey = .privateKey(key)
        return try identity.makeContext(configuration)
    }
}

enum TLSTimes {
    /// How long a connection that closes waits for the other end's goodbye.
    static let shutdown = TimeAmount.seconds(1)
}

extension FlightTLSVersion {
    fileprivate var library: TLSVersion {
        switch self {
        case .tls12: .tlsv12
        case .tls13: .tlsv13
        }
    }
}

extension FlightTrustRoots {
    var paths: [String] {
        guard case .pem(let pem) = self else { return [] }
        return pem.path.map { [$0] } ?? []
    }

    fileprivate func load() throws(FlightError) -> NIOSSLTrustRoots {
        guard case .pem(let pem) = self else { return .default }
        return .certificates(try pem.certificates("trusted roots"))
    }
}

extension FlightTLSIdentity {
    var paths: [String] { [certificateChain.path, privateKey.path].compactMap(\.self) }

    fileprivate func load(
        _ logger: Logger
    ) throws(FlightError) -> ([NIOSSLCertificate], NIOSSLPrivateKey) {
        let chain = try certificateChain.certificates("the certificate chain")
        let keyBytes = try privateKey.read()
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(bytes: keyBytes, format: .pem)
        } catch {
            throw FlightError(
                .failedPrecondition,
                "\(privateKey) holds no private key in PEM that can be used; keys must not be"
                    + " encrypted", cause: error)
        }
        if let first = chain.first, first.notValidAfter < time(nil) {
            logger.warning(
                "the certificate has expired: peers that check it won't connect",
                metadata: ["certificate": "\(certificateChain)"])
        }
        return (chain, key)
    }

    fileprivate func makeContext(
        _ configuration: TLSConfiguration
    ) throws(FlightError) -> NIOSSLContext {
        try Self.makeContext(configuration, self)
    }

    fileprivate static func makeContext(
        _ configuration: TLSConfiguration, _ identity: FlightTLSIdentity?
    ) throws(FlightError) -> NIOSSLContext {
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            guard let identity else {
                throw FlightError(
                    .failedPrecondition, "TLS can't be set up: \(error)", cause: error)
            }
            throw FlightError(
                .failedPrecondition,
                "the certificate \(identity.certificateChain) and the key \(identity.privateKey)"
                    + " can't be used together: check that the key is the certificate's",
                cause: error)
        }
    }
}

extension FlightPEM {
    fileprivate func certificates(_ what: String) throws(FlightError) -> [NIOSSLCertificate] {
        let bytes = try read()
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
            if !certificates.isEmpty { return certificates }
        } catch {
            throw FlightError(
                .failedPrecondition, "\(self) holds no certificates in PEM (\(what))",
                cause: error)
        }
        throw FlightError(.failedPrecondition, "\(self) holds no certificates in PEM (\(what))")
    }
}
