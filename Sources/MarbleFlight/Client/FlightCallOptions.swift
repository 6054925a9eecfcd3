/// What a client says about one call besides its messages.
public struct FlightCallOptions: Sendable {
    /// Headers of the application, such as `authorization`.
    public var metadata: FlightMetadata
    /// How long the whole call may take; the server is told. `nil`: as long as it takes.
    public var timeout: Duration?
    /// How the call's messages are compressed; `nil`: as the client's configuration says.
    public var compression: FlightCompression?
    /// Whether the call waits, until its timeout, for a server that can't be reached, instead of
    /// failing.
    public var waitsForReady: Bool
    /// The longest message that is taken, in bytes; `nil`: as the client's configuration says.
    public var messageByteCountMax: Int?
    /// The longest message that is sent, in bytes; `nil`: as the client's configuration says.
    public var sentMessageByteCountMax: Int?
    /// When the call is made again; `nil`: as the client's configuration says.
    public var retry: FlightRetryPolicy?
    /// Whether the call is made again while it isn't answered. Only `getFlightInfo`, `getSchema`,
    /// `pollFlightInfo` and `listActions` heed it.
    public var hedging: FlightHedgingPolicy?

    /// Where the headers and trailers of the answer go; `nil`: nowhere. Calls that give a
    /// ``FlightClientStream`` or a ``FlightStream`` don't heed it: they have both themselves.
    public var responseMetadata: FlightResponseMetadata?

    /// How often the call was made before.
    var attemptCount = 0

    /// Makes options.
    public init(
        metadata: FlightMetadata = FlightMetadata(), timeout: Duration? = nil,
        compression: FlightCompression? = nil, waitsForReady: Bool = false,
        messageByteCountMax: Int? = nil, sentMessageByteCountMax: Int? = nil,
        retry: FlightRetryPolicy? = nil, hedging: FlightHedgingPolicy? = nil,
        responseMetadata: FlightResponseMetadata? = nil
    ) {
        self.metadata = metadata
        self.timeout = timeout
        self.compression = compression
        self.waitsForReady = waitsForReady
        self.messageByteCountMax = messageByteCountMax
        self.sentMessageByteCountMax = sentMessageByteCountMax
        self.retry = retry
        self.hedging = hedging
        self.responseMetadata = responseMetadata
    }
}
