public import NIOCore
import NIOHPACK
import Tracing

/// One end of one call, bound to an event loop: the level below `async` that the hot path uses.
///
/// Except for the properties that say otherwise, everything must be called on ``eventLoop``. Sending
/// only appends to a buffer; all that was sent during one turn of the loop leaves as one write.
public final class FlightStream: @unchecked Sendable {
    // Sendable because references may travel between threads; the mutable state is only touched on the
    // event loop, which debug builds assert.

    /// The loop that the stream lives on. Callable from any thread.
    public let eventLoop: any EventLoop
    /// What kind of call this is. Callable from any thread.
    public let method: FlightMethod
    /// The peer's address, if the stream has reached a connection.
    public internal(set) var remoteAddress: SocketAddress?
    /// When the call ends with `DEADLINE_EXCEEDED` by itself.
    public internal(set) var deadline: NIODeadline?
    /// On a server with an authenticator: who calls.
    public internal(set) var identity: FlightIdentity?
    /// What the peer sent ahead of its messages: a server sees the request's headers, a client the
    /// response's once they are there (``FlightStreamDelegate/flightStreamHeadersReceived(_:)``).
    public internal(set) var metadata = FlightMetadata()
    /// On a client: what the server sent behind its last message. Complete in
    /// ``FlightStreamDelegate/flightStream(_:closed:)``.
    public internal(set) var trailingMetadata = FlightMetadata()
    /// On a server: headers to send ahead of the first message.
    public var responseMetadata = FlightMetadata()
    /// On a server: trailers to send with the status.
    public var responseTrailers = FlightMetadata()

    /// Whether more should be sent now. It turns false when more than the configured high watermark
    /// waits to leave; sending is still possible then, but memory grows.
    public internal(set) var isWritable = true
    /// The bytes that were sent and haven't been taken by the socket yet.
    public var pendingByteCount: Int { outgoing.byteCount + unwrittenByteCount }
    /// Whether the stream has ended; nothing can be sent any more.
    public var isClosed: Bool { phase == .closed }

    enum Role: Sendable { case client, server }
    enum Phase { case opening, open, closed }
    enum Ending { case none, requested, written }

    let role: Role
    /// On a server: the method, if it isn't Flight's. ``method`` is a handshake then.
    let builtIn: BuiltInMethod?
    let limits: FlightStreamLimits
    /// The peer, for messages.
    var peerName = "unknown peer"
    var delegate: (any FlightStreamDelegate)?
    var phase = Phase.opening
    var transport: (any StreamTransport)?
    var connection: FlightConnectionHandler?
    /// On a client: where in the pool the call is counted.
    var place: FlightClientConnection?
    /// On a client: what has the stream on its connection.
    var channel: FlightClientChannel?
    /// On a server: what has let the call in.
    var acceptor: ServerCallAcceptor?
    /// On a client: whether the call waits for a server that can't be reached.
    var waitsForReady = false
    /// On a client: how often the stream was put on a connection.
    var openingCount = 0

    // Outgoing.
    let outboundKind: FlightMessageKind
    var outgoing = OutgoingMessages()
    var unwrittenByteCount = 0
    var headersToSend: HPACKHeaders?
    var ending = Ending.none
    var finalStatus: FlightError?
    var isQueuedForWriting = false
    var isChannelWritable = true

    // Incoming.
    let inboundKind: FlightMessageKind
    var assembler: MessageAssembler
    var received: [FlightData] = []
    var isReadingPaused = false
    var isDelivering = false
    var isDeliveryScheduled = false
    var inputEnded = false
    var isInputEndDelivered = false
    var hasReceivedHeaders = false
    /// Why the stream ends, once that is known; the first reason counts.
    var closeReason: FlightError?
    var isClosing = false
    /// On a client: the status from the trailers. Outer `nil`: none came.
    var receivedStatus: FlightError??
    var deadlineTask: Scheduled<Void>?
    var meter: FlightCallMeter
    /// The call's span, where the program traces.
    var span: (any Span)?
    /// What goes along with the call, in order: on a client, and on a server.
    var clientMiddleware: [any FlightClientMiddleware] = []
    var serverMiddleware: [any FlightServerMiddleware] = []
    /// The peer sends exactly one message.
    let hasSingleInput: Bool
    var inputMessageCount = 0
    var progressTask: Scheduled<Void>?

    init(
        method: FlightMethod, builtIn: BuiltInMethod? = nil, role: Role, eventLoop: any EventLoop,
        limits: FlightStreamLimits, hasSingleInput: Bool = false
    ) {
        self.method = method
        self.builtIn = builtIn
        self.role = role
        self.eventLoop = eventLoop
        self.limits = limits
        self.hasSingleInput = hasSingleInput
        self.outboundKind = role == .client ? method.requestKind : method.responseKind
        self.inboundKind = role == .client ? method.responseKind : method.requestKind
        self.meter = FlightCallMeter(
            builtIn.map { limits.metrics.of($0) } ?? limits.metrics.of(method))
        self.assembler = MessageAssembler(
            messageByteCountMax: limits.messageByteCountMax, budget: limits.budget)
    }
}

/// What bounds one stream.
struct FlightStreamLimits: Sendable {
    var messageByteCountMax: Int
    var sentMessageByteCountMax = Int(Int32.max)
    var writeHighWatermark: Int
    var writeLowWatermark: Int
    var budget: BufferBudget
    var metrics: FlightMetrics
    var tracing: FlightTracing?
    /// How long a message may take once it has begun, and a single request; `nil`: as long as it takes.
    var messageTimeout: TimeAmount?
}
