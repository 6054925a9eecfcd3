public import CoreMetrics

/// Which server a ``FlightClient`` talks to, and how.
public struct FlightClientConfiguration: Sendable {
    /// A name or address; all addresses of a name are tried.
    public var host: String
    /// The server's TCP port.
    public var port: Int
    /// TLS; `nil`: everything travels in the clear.
    public var tls: FlightClientTLS?
    /// Gives the `authorization` header (`Bearer …`) of each call that has none of its own; called for each
    /// call, from any thread.
    public var authorization: (@Sendable () -> String?)?
    /// How many connections small calls are spread over, at most: a further one is made when all are
    /// busy, and a call goes where the fewest are open.
    public var connectionCount = 1
    /// The same for `DoGet`, `DoPut` and `DoExchange`, whose megabytes would hold up the small calls on
    /// their connections. 0: they share those of the small calls.
    public var bulkConnectionCount = 1
    /// How long making a connection may take, from looking up the name to the server's first words.
    public var connectTimeout: Duration = .seconds(5)
    /// How many attempts to connect fail in a row before calls fail at once, until a pause of
    /// ``reconnectBackoff`` is over (see ``FlightClientHealth/Circuit``). `Int.max`: each call tries.
    public var connectFailuresToPause = 3
    /// The pauses after failures to connect.
    public var reconnectBackoff = FlightBackoff()
    /// When the operating system looks after a silent connection; `nil`: never.
    public var tcpKeepalive: FlightTCPKeepalive? = FlightTCPKeepalive()
    /// The longest message that is taken. Bytes.
    public var messageByteCountMax = 256 << 20
    /// The longest message that is sent; a longer one ends its call. Bytes. What protobuf allows is the
    /// default, and the most.
    public var sentMessageByteCountMax = Int(Int32.max)
    /// When calls are made again by themselves, where a call's options don't say.
    public var retry = FlightRetryPolicy()
    /// When they aren't, since too many fail.
    public var retryThrottle = FlightRetryThrottle()
    /// The memory for messages that have arrived in part, of all calls together. Bytes.
    public var partialMessagesByteCountMax = 1 << 30
    /// How messages to the server are compressed, where a call's options don't say. A server that
    /// can't read it answers `UNIMPLEMENTED`. Its answers may be compressed in any way of
    /// ``FlightCompression``.
    public var compression = FlightCompression.identity
    /// The HTTP/2 window of a stream and of a connection: what the server may send ahead. Bytes.
    public var windowByteCount = 4 << 20
    /// The largest HTTP/2 frame that is taken. Bytes, 16 KiB to 16 MiB - 1.
    public var frameByteCountMax = 1 << 20
    /// A stream isn't ``FlightStream/isWritable`` while more than this waits to leave. Bytes.
    public var writeHighWatermark = 1 << 20
    /// It is writable again when no more than this waits. Bytes.
    public var writeLowWatermark = 256 << 10
    /// How often the server is asked for a sign of life while calls are open; `nil`: never. A server that
    /// ends a connection with `too_many_pings` is asked half as often from then on.
    public var keepaliveInterval: Duration?
    /// How long the sign of life may take before the connection is given up.
    public var keepaliveTimeout: Duration = .seconds(20)
    /// How long a connection may be without calls before it is ended in an orderly way (GOAWAY); the next call
    /// makes another. `nil`: as long as the server lets it stand.
    ///
    /// The default is that of gRPC's own clients (C++, Go, Java): a client that calls now and then keeps its
    /// connections, and one that has been forgotten doesn't hold them on servers that never end idle ones, as
    /// gRPC's don't.
    public var connectionIdleMax: Duration? = .seconds(30 * 60)
    /// What goes along with each attempt of a call, made and called in this order.
    public var middleware: [FlightClientMiddlewareFactory] = []
    /// Where the client's metrics go; `nil`: where the program's do (`MetricsSystem`).
    public var metricsFactory: (any MetricsFactory)?

    /// Makes a configuration with the defaults.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}
