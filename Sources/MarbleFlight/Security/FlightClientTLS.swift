/// How a ``FlightClient`` speaks TLS.
///
/// Files are looked at before each new connection.
public struct FlightClientTLS: Sendable, Hashable {
    /// What is checked of the server's certificate.
    public enum Verification: Sendable, Hashable {
        /// That a trusted root has signed it, and that it is for the name or address of the server.
        case full
        /// Nothing: anyone between client and server can read and change everything. A warning is logged.
        case none
    }

    /// Who may sign the server's certificate.
    public var trustRoots: FlightTrustRoots
    /// What the client presents to servers that ask for a certificate.
    public var identity: FlightTLSIdentity?
    /// The name that the server's certificate must have; `nil` is the host that is connected to.
    public var serverName: String?
    /// What is checked of the server's certificate.
    public var verification: Verification
    /// The lowest version that is spoken.
    public var minimumVersion: FlightTLSVersion

    /// Makes a configuration; files are read when the first connection is made.
    public init(
        trustRoots: FlightTrustRoots = .system, identity: FlightTLSIdentity? = nil,
        serverName: String? = nil, verification: Verification = .full,
        minimumVersion: FlightTLSVersion = .tls12
    ) {
        self.trustRoots = trustRoots
        self.identity = identity
        self.serverName = serverName
        self.verification = verification
        self.minimumVersion = minimumVersion
    }
}
