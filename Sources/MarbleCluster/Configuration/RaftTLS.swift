internal import MarbleFlight

/// TLS between the nodes of a cluster, where each shows the others its certificate.
///
/// In files it is `enable_ssl` with `tls_cert_path`, `tls_key_path` and `tls_root_certs_path`.
public struct RaftTLS: Sendable, Equatable {
    /// This node's certificate chain (PEM), for the host of its endpoint.
    public var certificatePath: String
    /// The certificate's key (PEM, not encrypted).
    public var keyPath: String
    /// The authorities that sign the nodes' certificates (PEM).
    public var rootCertificatesPath: String

    /// Names the files; they are read when the server starts, and again when they change.
    public init(certificatePath: String, keyPath: String, rootCertificatesPath: String) {
        self.certificatePath = certificatePath
        self.keyPath = keyPath
        self.rootCertificatesPath = rootCertificatesPath
    }

    private var identity: FlightTLSIdentity {
        FlightTLSIdentity(certificateChain: .file(certificatePath), privateKey: .file(keyPath))
    }

    private var roots: FlightTrustRoots { .pem(.file(rootCertificatesPath)) }

    /// - Parameter onlyPeers: Whether nobody but nodes may connect.
    func server(onlyPeers: Bool) -> FlightServerTLS {
        FlightServerTLS(
            identity: identity, clientCertificates: onlyPeers ? .required(roots) : .optional(roots))
    }

    var client: FlightClientTLS { FlightClientTLS(trustRoots: roots, identity: identity) }
}
