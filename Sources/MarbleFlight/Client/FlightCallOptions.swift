/// What a client says about one call besides its messages.
public struct FlightCallOptions: Sendable {
    /// Headers of the application, such as `authorization`.
    public var metadata: FlightMetadata
    /// How long the whole call may take; the server is told. `nil`: as long as it takes.
    public var timeout: Duration?

    /// Makes options.
    public init(metadata: FlightMetadata = FlightMetadata(), timeout: Duration? = nil) {
        self.metadata = metadata
        self.timeout = timeout
    }
}
