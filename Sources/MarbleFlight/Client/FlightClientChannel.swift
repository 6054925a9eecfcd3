import NIOCore
import NIOHTTP2

/// One connection of a client and the streams on it. Bound to the channel's event loop.
final class FlightClientChannel: @unchecked Sendable {
    /// Stream identifiers end at 2³¹ - 1, and a client has every other one.
    private static let streamCountMax = 1 << 29

    let channel: any Channel
    /// Which attempt to connect of its place it is.
    let attemptNumber: Int
    var http2: HTTP2Connection?
    private let connection: FlightConnectionHandler
    private weak var owner: FlightClientConnection?
    private let keepaliveInterval: Duration?
    private let keepaliveTimeout: TimeAmount
    private var keepaliveTask: RepeatedTask?
    private var keepaliveTimeoutTask: Scheduled<Void>?
    private var idleTimer: ConnectionIdleTimer?
    private var streamCount = 0
    private var openCount = 0
    private var isDraining = false
    /// Whether it is closed, or about to be.
    private var isEnding = false
    /// Whether the server takes nothing on this connection; its failure says why.
    private var isRefused = false
    /// Whether the server has said its first words, its settings.
    private(set) var isEstablished = false
    /// Whether the pool has counted it.
    var wasReady = false

    init(
        channel: any Channel, connection: FlightConnectionHandler, owner: FlightClientConnection,
        attemptNumber: Int, keepaliveInterval: Duration?,
        keepaliveTimeout: TimeAmount, idleMax: TimeAmount?
    ) {
        self.channel = channel
        self.connection = connection
        self.owner = owner
        self.attemptNumber = attemptNumber
        self.keepaliveInterval = keepaliveInterval
        self.keepaliveTimeout = keepaliveTimeout
        if let idleMax {
            idleTimer = ConnectionIdleTimer(on: channel.eventLoop, limit: idleMax) { [weak self] in
                self?.drain()
            }
        }
    }

    func open(_ stream: FlightStream) {
        guard let http2, stream.phase == .opening else { return }
        // From here on, not from its first frame: a connection that drains must wait for it.
        openCount += 1
        idleTimer?.pause()
        streamCount += 1
        stream.openingCount += 1
        let transport = http2.open()
        stream.channel = self
        transport.attach(stream)
        stream.attach(transport, connection: connection)
        if streamCount >= Self.streamCountMax { drain() }
    }

    /// On the loop's next turn, as HTTP/2 may be in the middle of a write.
    func streamEnded(_ stream: FlightStream) {
        channel.eventLoop.assumeIsolated().execute { self.discount(stream) }
    }

    private func discount(_ stream: FlightStream) {
        openCount -= 1
        if stream.phase == .opening {
            // Nothing of it was written here: another connection takes it.
            drain()
            if isRefused, let failure = connection.failure {
                stream.openingFailed(failure)
            } else {
                owner?.reopen(stream)
            }
        }
        guard openCount == 0 else { return }
        if isDraining { end() } else { idleTimer?.restart() }
    }

    /// Takes no more calls and ends when the last one is over.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        owner?.channelDrains(self)
        if openCount == 0 { end() }
    }

    /// Closes the connection, and tells the server first that this is meant (RFC 9113, 6.8). Calls that are
    /// open end; what the socket doesn't take at once is lost.
    func end() {
        guard !isEnding else { return }
        isEnding = true
        // The last stream of the server that was taken: it opens none.
        let goAway = HTTP2Frame(
            streamID: .rootStream,
            payload: .goAway(lastStreamID: .rootStream, errorCode: .noError, opaqueData: nil))
        channel.pipeline.syncOperations.writeAndFlush(NIOAny(goAway), promise: nil)
        channel.close(promise: nil)
    }

    /// The connection isn't secure enough for the server (RFC 9113, 9.2). MarbleFlight's own server answers
    /// the calls instead; others, such as nghttpx, say it of a version or a cipher of TLS.
    func refused(_ reason: ByteBuffer?) {
        var words = reason.map { String(buffer: $0) } ?? ""
        if words.isEmpty { words = "it asks for TLS, or for a better version or cipher of it" }
        connection.failure = FlightError(
            .unavailable, "\(connection.peerName) refuses this connection: \(words)")
        connection.failure?.reach = .nowhere
        isRefused = true
    }

    func closed() {
        isDraining = true
        isEnding = true
        http2 = nil
        keepaliveTask?.cancel()
        keepaliveTimeoutTask?.cancel()
        idleTimer?.cancel()
        owner?.channelClosed(self, connection.failure)
    }

    /// HTTP/2 doesn't go on with what the server has sent.
    func failed(_ error: any Error) {
        guard connection.failure == nil else { return }
        connection.failure = FlightError(
            .unavailable, "the connection to \(connection.peerName) failed: \(error)", cause: error)
    }

    func settingsReceived() {
        guard !isEstablished else { return }
        isEstablished = true
        owner?.channelEstablished(self)
        if openCount == 0, !isEnding { idleTimer?.restart() }
    }

    func startKeepalive(_ context: ChannelHandlerContext) {
        guard let keepaliveInterval = keepaliveInterval.map({ TimeAmount($0) }) else { return }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        keepaliveTask = context.eventLoop.scheduleRepeatedTask(
            initialDelay: keepaliveInterval, delay: keepaliveInterval
        ) { _ in
            self.ping(bound.value)
        }
    }

    private func ping(_ context: ChannelHandlerContext) {
        guard openCount > 0, keepaliveTimeoutTask == nil else { return }
        let frame = HTTP2Frame(
            streamID: .rootStream, payload: .ping(HTTP2PingData(withInteger: 0x6D61), ack: false))
        context.writeAndFlush(NIOAny(frame), promise: nil)
        keepaliveTimeoutTask = context.eventLoop.scheduleTask(in: keepaliveTimeout) {
            self.connection.failure = FlightError(
                .unavailable,
                "\(self.connection.peerName) gave no sign of life in time; it or the network is down"
            )
            self.channel.close(promise: nil)
        }
    }

    func pingedTooOften() {
        if let keepaliveInterval { owner?.pingedTooOften(every: keepaliveInterval) }
    }

    func pingAcknowledged() {
        keepaliveTimeoutTask?.cancel()
        keepaliveTimeoutTask = nil
    }
}

/// Sees the frames of the connection itself.
final class FlightClientChannelHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let state: FlightClientChannel

    init(state: FlightClientChannel) {
        self.state = state
    }

    func channelActive(context: ChannelHandlerContext) {
        state.startKeepalive(context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data).payload {
        case .settings(.settings): state.settingsReceived()
        case .goAway(_, .inadequateSecurity, let reason):
            state.refused(reason)
            state.drain()
        case .goAway(_, .enhanceYourCalm, let reason):
            if reason.map({ String(buffer: $0) }) == FlightPings.tooMany { state.pingedTooOften() }
            state.drain()
        case .goAway: state.drain()
        case .ping(_, ack: true): state.pingAcknowledged()
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        state.failed(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        state.closed()
        context.fireChannelInactive()
    }
}
