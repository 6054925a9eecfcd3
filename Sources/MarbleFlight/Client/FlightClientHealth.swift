/// How a ``FlightClient`` gets on with its server: see ``FlightClient/health``.
public struct FlightClientHealth: Sendable {
    /// Whether calls may try to reach the server.
    public enum Circuit: String, Sendable, Hashable {
        /// They may: the server was reached the last time, or hasn't been missed often enough.
        case closed
        /// They fail at once until a pause is over: it couldn't be reached several times in a row.
        case open
        /// The pause is over, and the next attempt decides.
        case halfOpen
    }

    /// What kind of thing stands between client and server.
    public enum Problem: String, Sendable, Hashable {
        /// Nothing listens at the address.
        case refused
        /// The host's name has no address.
        case unresolved
        /// No way through the network.
        case unreachable
        /// No answer in time.
        case timeout
        /// The two don't agree on TLS, or one doesn't trust the other's certificate.
        case tls
        /// The server doesn't accept the credentials of the last call.
        case authentication
        /// Who answers doesn't speak HTTP/2, or closes connections before it has said anything.
        case notFlight
        /// Anything else; see ``FlightClientHealth/failure``.
        case other
    }

    /// Whether calls may try to reach the server.
    public internal(set) var circuit = Circuit.closed
    /// What is wrong; `nil` if nothing is known to be.
    public internal(set) var problem: Problem?
    /// The last failure, in words, while there is a ``problem``.
    public internal(set) var failure: FlightError?
    /// The attempts to connect that failed since the server was last reached.
    public internal(set) var failureCount = 0
    /// The connections that stand.
    public internal(set) var connectionsOpen = 0
    /// The calls that are open.
    public internal(set) var callsOpen = 0

    /// Whether nothing is known to be wrong.
    public var isHealthy: Bool { problem == nil }
}
