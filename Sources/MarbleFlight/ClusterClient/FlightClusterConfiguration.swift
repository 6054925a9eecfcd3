/// How a ``FlightClusterClient`` spreads calls over servers that could all answer them.
public enum FlightBalancing: Sendable, Hashable {
    /// One after the other.
    case roundRobin
    /// The one with the fewest calls of this client.
    case leastLoaded
}

/// Which servers a ``FlightClusterClient`` talks to, and how.
public struct FlightClusterConfiguration: Sendable {
    /// Servers of which each can answer what isn't bound to a place, e.g. `grpc+tls://node1:5001`;
    /// `grpc+tcp` means without TLS.
    ///
    /// If one of them is `grpc+tls`, or ``client`` has TLS, every server is called with TLS, also those that
    /// flights name as `grpc+tcp`: how a location is written never makes what is for all servers, such as
    /// ``FlightClientConfiguration/authorization``, travel in the clear. A server without TLS can't be
    /// reached then.
    public var locations: [FlightLocation]
    /// What holds for each server's client; its host and port are replaced. If it has no TLS, servers that
    /// are called with TLS need a certificate that the system trusts.
    public var client: FlightClientConfiguration
    /// How calls are spread.
    public var balancing = FlightBalancing.leastLoaded
    /// The servers that connections are kept to: ``locations`` and those that flights name. Past it the
    /// one that was used least recently goes, if it has no calls.
    public var serversMax = 64

    /// Makes a configuration with the defaults.
    public init(locations: [FlightLocation]) {
        self.locations = locations
        client = FlightClientConfiguration(host: "", port: 0)
        // With others to ask, the first failure is reason enough to leave a server alone for a while.
        client.connectFailuresToPause = 1
    }
}
