/// Which files say who may call; their formats are in `docs/formats/access-list.md`.
public struct AuthConfiguration: Sendable, Hashable {
    /// JSON Web Tokens (RFC 7519) of an issuer outside.
    public struct JWT: Sendable, Hashable {
        /// The issuer's keys: a public key in PEM, or a JSON Web Key Set (RFC 7517).
        public var keysPath: String
        /// What `iss` must be; `nil`: anything.
        public var issuer: String?
        /// What `aud` must hold; `nil`: anything.
        public var audience: String?
        /// How far the issuer's clock may be off.
        public var leeway: Duration = .seconds(30)

        /// Makes a configuration.
        public init(keysPath: String, issuer: String? = nil, audience: String? = nil) {
            self.keysPath = keysPath
            self.issuer = issuer
            self.audience = audience
        }
    }

    /// The access list with tokens, users and certificates.
    public var accessListPath: String?
    /// JSON Web Tokens, if they are taken.
    public var jwt: JWT?
    /// A file of at least 32 secret bytes, the same on all nodes: what a login on one node gets is then
    /// good on all. Without it, it is good on that node until it restarts.
    public var sessionKeyPath: String?
    /// How long a login is good.
    public var sessionLifetime: Duration = .seconds(8 * 3600)
    /// How often the files are looked at.
    public var reloadInterval: Duration = .seconds(1)

    /// Makes a configuration.
    public init(
        accessListPath: String? = nil, jwt: JWT? = nil, sessionKeyPath: String? = nil
    ) {
        self.accessListPath = accessListPath
        self.jwt = jwt
        self.sessionKeyPath = sessionKeyPath
    }
}
