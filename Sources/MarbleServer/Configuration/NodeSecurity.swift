/// How a node protects what travels to and from it, and who may call it.
///
/// What the settings mean together is described in `docs/security.md`.
public struct NodeSecurity: Sendable, Equatable {
    /// What is asked of clients that connect with TLS.
    public enum ClientAuthentication: String, Sendable, CaseIterable {
        /// No certificate.
        case none
        /// A certificate that a root has signed, or none.
        case optional
        /// A certificate that a root has signed.
        case required
    }

    /// The files of TLS (PEM).
    public struct TLS: Sendable, Equatable {
        public var certificatePath: String
        public var keyPath: String
        /// The authorities that sign the certificates of nodes and clients; nil: those of the system.
        public var rootCertificatesPath: String?
        public var clientAuthentication: ClientAuthentication

        public init(
            certificatePath: String, keyPath: String, rootCertificatesPath: String? = nil,
            clientAuthentication: ClientAuthentication = .none
        ) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
            self.rootCertificatesPath = rootCertificatesPath
            self.clientAuthentication = clientAuthentication
        }
    }

    /// nil: everything travels in the clear.
    public var tls: TLS?
    /// The access list; with it, every call needs credentials.
    public var accessListPath: String?
    /// The keys of an issuer of JSON web tokens; with them too, every call needs credentials.
    public var jwtKeysPath: String?
    public var jwtIssuer: String?
    public var jwtAudience: String?
    /// A secret that all nodes share, for logins that are good on all of them.
    public var sessionKeyPath: String?
    /// The token by which the other nodes know this one.
    public var peerTokenPath: String?

    /// Without TLS, and open to everyone.
    public init() {}

    /// Whether calls need credentials.
    public var needsCredentials: Bool { accessListPath != nil || jwtKeysPath != nil }

    /// - Throws: a configuration error that names the setting which doesn't fit.
    func validate(nodeCount: Int) throws(ServerError) {
        func check(_ holds: Bool, _ message: @autoclosure () -> String) throws(ServerError) {
            guard holds else { throw ServerError(.configuration, message()) }
        }
        if let tls {
            try check(
                tls.clientAuthentication == .none || tls.rootCertificatesPath != nil,
                "tls_client_auth \(tls.clientAuthentication.rawValue) needs tls_root_certs_path: the"
                    + " authorities that sign the clients' certificates")
        }
        try check(
            jwtKeysPath != nil || (jwtIssuer == nil && jwtAudience == nil),
            "auth_jwt_issuer and auth_jwt_audience need auth_jwt_keys_path")
        try check(
            sessionKeyPath == nil || accessListPath != nil,
            "auth_session_key_path needs auth_tokens_path: only users in an access list log in")
        try check(
            peerTokenPath == nil || accessListPath != nil,
            "auth_peer_token_path needs auth_tokens_path: the access list must know the token")
        let isKnownByCertificate = tls.map { $0.clientAuthentication != .none } ?? false
        try check(
            !needsCredentials || nodeCount == 1 || (peerTokenPath ?? "") != ""
                || (isKnownByCertificate && accessListPath != nil),
            "with auth_tokens_path or auth_jwt_keys_path, nodes need credentials for each other: set"
                + " auth_peer_token_path, or tls_client_auth and certificates with the role peer")
    }
}
