/// What a ``FlightServer`` has done since it was made, and what is open.
public struct FlightServerCounters: Sendable, Hashable {
    /// Connections that were let in.
    public internal(set) var connectionsAccepted = 0
    /// Connections that were turned away because there were too many, or the server stops.
    public internal(set) var connectionsRefused = 0
    /// Connections without TLS that were turned away because the server speaks TLS only.
    public internal(set) var plaintextRefused = 0
    /// Connections that are open now.
    public internal(set) var connectionsOpen = 0
    /// Calls that came in, also those that authentication refused.
    public internal(set) var callsStarted = 0
    /// Requests that weren't calls of this service (wrong content type, method, …).
    public internal(set) var callsRefused = 0
    /// Times that credentials were presented, or missing, and refused.
    public internal(set) var authenticationsFailed = 0
    /// Calls that are open now.
    public internal(set) var callsOpen = 0
    /// The memory that is held for messages that have arrived in part. Bytes.
    public internal(set) var partialMessageByteCount = 0
}
