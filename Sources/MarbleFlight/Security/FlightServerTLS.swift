/// How a ``FlightServer`` speaks TLS.
///
/// Files are looked at while the server runs; when they have changed, new connections get what they hold
/// then. Files that can't be used are logged, and what was good before stays.
public struct FlightServerTLS: Sendable, Hashable {
    /// What is asked of clients.
    public enum ClientCertificates: Sendable, Hashable {
        /// None are asked for.
        case none
        /// A client may present one, which then must be signed by one of the roots.
        case optional(FlightTrustRoots)
        /// A client must present one that is signed by one of the roots (mutual TLS).
        case required(FlightTrustRoots)
    }

    /// The server's certificate and key.
    public var identity: FlightTLSIdentity
    /// What is asked of clients.
    public var clientCertificates: ClientCertificates
    /// The lowest version that is spoken.
    public var minimumVersion: FlightTLSVersion
    /// Whether connections without TLS are taken on the same port too.
    public var allowsPlaintext: Bool
    /// How often the files are looked at. A change counts when it is seen twice, so that a certificate and
    /// its key can be replaced one after the other.
    public var reloadInterval: Duration

    /// Makes a configuration; files are read when the server starts.
    public init(
        identity: FlightTLSIdentity, clientCertificates: ClientCertificates = .none,
        minimumVersion: FlightTLSVersion = .tls12, allowsPlaintext: Bool = false,
        reloadInterval: Duration = .seconds(1)
    ) {
        self.identity = identity
        self.clientCertificates = clientCertificates
        self.minimumVersion = minimumVersion
        self.allowsPlaintext = allowsPlaintext
        self.reloadInterval = reloadInterval
    }
}
