public import CoreMetrics

/// Where a ``FlightServer`` listens, and what it allows its clients.
public struct FlightServerConfiguration: Sendable {
    /// A name or address; `localhost` listens on both 127.0.0.1 and ::1 where IPv6 exists.
    public var host: String
    /// A TCP port; 0 takes a free one, see ``FlightServer/boundPort``.
    public var port: Int
    /// The longest message that is taken; a longer one gets `RESOURCE_EXHAUSTED`. Bytes.
    public var messageByteCountMax = 64 << 20
    /// The memory for messages that have arrived in part, of all clients together. Bytes. A compressed message
    /// needs twice its own: give at least that of ``messageByteCountMax``.
    public var partialMessagesByteCountMax = 512 << 20
    /// How answers are compressed to clients that accept it. Requests may always be compressed, in any
    /// way of ``FlightCompression``.
    public var compression = FlightCompression.identity
    /// The HTTP/2 window of a stream and of a connection: what a client may send ahead. Bytes.
    public var windowByteCount = 4 << 20
    /// The largest HTTP/2 frame that is taken. Bytes, 16 KiB to 16 MiB - 1.
    public var frameByteCountMax = 1 << 20
    /// The streams that one connection may have open at a time. Times ``windowByteCount``, it bounds
    /// what a connection can make the server hold of streams that aren't read from.
    public var concurrentStreamsMax = 256
    /// The connections that may be open at a time; more are closed at once.
    public var connectionsMax = 4096
    /// The size of a request's headers, counted as HTTP/2 does: names, values, and 32 bytes for each. More
    /// gets `RESOURCE_EXHAUSTED`; more than four times as much ends the connection.
    public var headerListByteCountMax = 16 << 10
    /// How many streams a client may reset, or have fail, in 30 seconds before its connection is closed.
    public var streamResetsMax = 20_000
    /// A stream isn't ``FlightStream/isWritable`` while more than this waits to leave. Bytes.
    public var writeHighWatermark = 1 << 20
    /// It is writable again when no more than this waits. Bytes.
    public var writeLowWatermark = 256 << 10
    /// How long a connection may be silent before it is asked for a sign of life; `nil`: forever.
    public var keepaliveInterval: Duration? = .seconds(60)
    /// How long the sign of life may take before the connection is closed.
    public var keepaliveTimeout: Duration = .seconds(20)
    /// How many PINGs a client may send in a minute in which it gets nothing else. More end its connection
    /// with `ENHANCE_YOUR_CALM` and the text `too_many_pings`.
    public var pingsPerMinuteMax = 120
    /// How long a connection may be without calls before it is ended in an orderly way (GOAWAY); `nil`:
    /// forever.
    public var connectionIdleMax: Duration? = .seconds(30 * 60)
    /// How old a connection may become, give or take a tenth, before it is ended in an orderly way, so that
    /// clients look for servers anew; `nil`: as old as it likes.
    public var connectionAgeMax: Duration?
    /// How long the calls of a connection that is ended in an orderly way may go on; `nil`: to their end.
    public var connectionGraceMax: Duration?
    /// How long the request of a call that has one may take. Also how long a message that has begun may
    /// take, unless at least a megabyte of it came in that time. Then the call ends with
    /// `DEADLINE_EXCEEDED`.
    public var messageTimeout: Duration = .seconds(60)
    /// How long a connection may take for the TLS handshake and its first bytes: the HTTP/2 preface, or an
    /// HTTP/1.1 request's head.
    public var handshakeTimeout: Duration = .seconds(10)
    /// The longest body of a plain HTTP request; the results of an action that is asked for by plain HTTP
    /// may have as many together. Bytes.
    public var httpBodyByteCountMax = 8 << 20
    /// How long a plain HTTP request may take to arrive, and its answer to be taken.
    public var httpTimeout: Duration = .seconds(30)
    /// How long an HTTP/1.1 connection may wait for its next request.
    public var httpIdleTimeout: Duration = .seconds(60)
    /// Where the server's metrics go; `nil`: where the program's do (`MetricsSystem`).
    public var metricsFactory: (any MetricsFactory)?
    /// What the gRPC health service tells of the server; each server has one of its own.
    public var health = FlightHealth()
    /// What is shown to `GET` requests on the same port.
    public var resources: [FlightHTTPResource] = []
    /// TLS on the same port; `nil`: everything travels in the clear.
    public var tls: FlightServerTLS?
    /// Who may call: each call must come from one whom it knows, with a role that covers
    /// ``FlightService/requiredRole(for:metadata:)``. `nil`: everyone may do everything.
    public var authenticator: (any FlightAuthenticator)?
    /// What goes along with each call, also with actions of plain HTTP, made and called in this order. Calls that the
    /// ``authenticator`` refuses don't come here, nor do those of gRPC's health and reflection; handshakes
    /// come before it is known who calls.
    public var middleware: [FlightServerMiddlewareFactory] = []

    /// Makes a configuration with the defaults.
    public init(host: String = "localhost", port: Int = 0) {
        self.host = host
        self.port = port
    }
}
