/// What a client says about one call besides its messages.
public struct FlightCallOptions: Sendable {
    /// Headers of the application, such as `authorization`.
    public var metadata: FlightMetadata
    /// How long the whole call may take; the server is told. `nil`: as long as it takes.
    public var timeout: Duration?
    /// Whether the call waits, until its timeout, for a server that can't be reached, instead of
    /// failing.
    public var waitsForReady: Bool
    /// How the call's messages are compressed; `nil`: as the client's configuration says.
    public var compression: FlightCompression?

    /// Makes options.
    public init(
        metadata: FlightMetadata = FlightMetadata(), timeout: Duration? = nil,
        waitsForReady: Bool = false, compression: FlightCompression? = nil
    ) {
        self.metadata = metadata
        self.timeout = timeout
        self.waitsForReady = waitsForReady
        self.compression = compression
    }
}
