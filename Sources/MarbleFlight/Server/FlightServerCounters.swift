/// What a ``FlightServer`` has done since it was made, and what is open.
public struct FlightServerCounters: Sendable, Hashable {
    /// Connections that were let in.
    public internal(set) var connectionsAccepted = 0
    /// Connections that were turned away because there were too many.
    public internal(set) var connectionsRefused = 0
    /// Connections that are open now.
    public internal(set) var connectionsOpen = 0
    /// Calls that reached the service.
    public internal(set) var callsStarted = 0
    /// Requests that weren't calls of this service (wrong content type, method, …).
    public internal(set) var callsRefused = 0
    /// Calls that are open now.
    public internal(set) var callsOpen = 0
    /// The memory that is held for messages that have arrived in part. Bytes.
    public internal(set) var partialMessageByteCount = 0
}
