import DequeModule
import NIOCore
import NIOHPACK
import NIOHTTP2

/// One HTTP/2 connection (RFC 9113): its frames, its windows, and its streams.
///
/// Stands behind the ``FlightConnectionHandler``. Streams are called, not sent through a pipeline: for a call
/// of one small message each way, events and channels for each stream are most of the work. The handlers
/// behind it see the frames of the connection itself, and may write GOAWAY and PING.
final class HTTP2Connection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = HTTP2Frame
    typealias OutboundIn = HTTP2Frame
    typealias OutboundOut = IOData

    enum Role { case client, server }

    let role: Role
    let eventLoop: any EventLoop
    let configuration: HTTP2Configuration
    let handler: FlightConnectionHandler
    /// Serves the streams that the peer opens.
    let opener: (any HTTP2StreamOpener)?
    private let counter: (any NIOHTTP2StreamDelegate)?
    private(set) var context: ChannelHandlerContext?
    private var hasBegun = false
    /// Nothing more is read after an error of the connection.
    private(set) var hasFailed = false

    // Streams.
    private var streams: [HTTP2StreamID: HTTP2Stream] = [:]
    /// The one that was looked for last.
    private var lastFound: HTTP2Stream?
    /// Streams of a client that haven't got a number.
    private var unnumbered: [ObjectIdentifier: HTTP2Stream] = [:]
    /// Those of them that wait for the server to take another stream.
    private var unadmitted: Deque<HTTP2Stream> = []
    private var nextNumber: Int32 = 1
    /// On a server: the last stream that the client has opened.
    var lastPeerStreamID = HTTP2StreamID.rootStream
    var closed: ClosedStreams

    // Receiving: see `HTTP2Connection+Receiving.swift` and `HTTP2Connection+Data.swift`.
    var reader: HTTP2FrameReader
    var decoder: HTTP2FieldDecoder
    var window: InboundWindow
    /// What a new stream's peer may send.
    var streamWindowByteCount: Int
    var limits: HTTP2PeerLimits
    var read: [HTTP2Stream] = []
    var isReading = false
    var isDecoding = false
    var turnBegan = NIODeadline.uptimeNanoseconds(0)
    /// How much data was taken since then.
    var turnByteCount = 0
    /// Whether all that came ahead of the next read has been handed on.
    var hasReadOnce = false
    /// Of a connection without TLS that has read once.
    var socket: PlainSocket?

    // Sending: see `HTTP2Connection+Sending.swift`.
    var output = HTTP2Output()
    var encoder = HPACKEncoder(allocator: ByteBufferAllocator())
    var outboundWindow = OutboundWindow(InboundWindow.initialByteCount)
    var peer = HTTP2PeerSettings()
    /// Streams that have something to send, and wait for the connection's window or the socket.
    var waiting: Deque<HTTP2Stream> = []
    var isSendingWaiting = false
    var isWritable = true
    /// What was written, all of it frames without data, since the peer took no more.
    var untakenByteCount = 0
    var isFlushWaiting = false
    /// The last stream that the peer was promised to be served.
    var lastServed = HTTP2StreamID.maxID

    private init(
        _ role: Role, on channel: any Channel, _ configuration: HTTP2Configuration,
        handler: FlightConnectionHandler, opener: (any HTTP2StreamOpener)?,
        counter: (any NIOHTTP2StreamDelegate)?
    ) {
        self.role = role
        eventLoop = channel.eventLoop
        self.configuration = configuration
        self.handler = handler
        self.opener = opener
        self.counter = counter
        closed = ClosedStreams(countMax: max(configuration.concurrentStreamsMax, 32))
        reader = HTTP2FrameReader(
            HTTP2FrameRules(
                frameByteCountMax: configuration.frameByteCountMax,
                headerBlockByteCountMax: configuration.headerListReadByteCountMax),
            expectsPreface: role == .server)
        decoder = HTTP2FieldDecoder(
            headerListByteCountMax: configuration.headerListReadByteCountMax)
        // Until the peer has read the settings, it may hold itself to the protocol's own numbers.
        streamWindowByteCount = max(configuration.windowByteCount, InboundWindow.initialByteCount)
        limits = HTTP2PeerLimits(configuration)
        window = InboundWindow(
            InboundWindow.initialByteCount, target: configuration.windowByteCount)
    }

    /// Adds the connection's handlers to a channel, in their order.
    ///
    /// - Parameters:
    ///   - opener: Serves the streams that the peer opens; a client has none.
    ///   - counter: Hears of each stream.
    static func add(
        to channel: any Channel, _ role: Role, _ configuration: HTTP2Configuration,
        handler: FlightConnectionHandler, opener: (any HTTP2StreamOpener)? = nil,
        counter: (any NIOHTTP2StreamDelegate)? = nil
    ) throws -> HTTP2Connection {
        let connection = HTTP2Connection(
            role, on: channel, configuration, handler: handler, opener: opener, counter: counter)
        try channel.pipeline.syncOperations.addHandlers([handler, connection])
        return connection
    }

    var remoteAddress: SocketAddress? { context?.remoteAddress }

    // MARK: Begin and end

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        handler.http2 = self
        isWritable = context.channel.isWritable
        if context.channel.isActive { begin() }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin()
        context.fireChannelActive()
    }

    private func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        if let channel = context?.channel { UnpacedSocket.apply(to: channel) }
        output.write { bytes in
            if role == .client { bytes.writeString(HTTP2Preface.text) }
            bytes.writeFrame(configuration.settings)
            if let increment = window.takeIncrement() {
                bytes.writeWindowUpdate(.rootStream, by: increment)
            }
        }
        flush()
    }

    func channelInactive(context: ChannelHandlerContext) {
        endAll()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        endAll()
        socket = nil
        self.context = nil
        handler.http2 = nil
    }

    /// The connection has gone.
    private func endAll() {
        hasFailed = true
        let ended = Array(streams.values)
        streams.removeAll()
        lastFound = nil
        waiting.removeAll()
        for stream in ended { stream.ended(nil) }
        endUnnumbered()
        // Tells those who wait for it that it doesn't leave.
        takeOutput()
    }

    /// Ends the connection with GOAWAY, because of what the peer did.
    func fail(_ error: HTTP2ConnectionError) {
        guard !hasFailed else { return }
        hasFailed = true
        output.write { $0.writeGoAway(lastStreamID: lastPeerStreamID, error.code, nil) }
        flush()
        context?.fireErrorCaught(error)
    }

    // MARK: Streams

    /// Begins a stream of a client, of which nothing goes out before its user writes.
    func open() -> HTTP2Stream {
        let stream = makeStream(nil)
        unnumbered[ObjectIdentifier(stream)] = stream
        return stream
    }

    func makeStream(_ id: HTTP2StreamID?) -> HTTP2Stream {
        HTTP2Stream(
            self, id: id,
            window: InboundWindow(streamWindowByteCount, target: configuration.windowByteCount),
            outboundWindow: OutboundWindow(peer.streamWindowByteCount), isServer: role == .server)
    }

    func insert(_ stream: HTTP2Stream, _ id: HTTP2StreamID) {
        streams[id] = stream
        if let counter, let context { counter.streamCreated(id, channel: context.channel) }
    }

    func find(_ id: HTTP2StreamID) -> HTTP2Stream? {
        if let lastFound, lastFound.id == id { return lastFound }
        lastFound = streams[id]
        return lastFound
    }

    var streamCount: Int { streams.count }
    var allStreams: [HTTP2Stream] { Array(streams.values) }

    /// Whether a frame of the stream may go out: it has a number, or gets one now.
    func admits(_ stream: HTTP2Stream) -> Bool {
        if stream.id != nil { return true }
        guard streams.count < peer.concurrentStreamsMax else { return false }
        let id = HTTP2StreamID(nextNumber)
        nextNumber += 2
        unnumbered[ObjectIdentifier(stream)] = nil
        stream.id = id
        // The peer's settings may have come since the stream was made.
        stream.outboundWindow = OutboundWindow(peer.streamWindowByteCount)
        insert(stream, id)
        return true
    }

    /// Notes that something of the stream waits.
    func wait(_ stream: HTTP2Stream) {
        guard !stream.isWaiting else { return }
        if stream.id == nil {
            stream.isWaiting = true
            unadmitted.append(stream)
        } else if stream.outboundWindow.byteCount > 0 {
            stream.isWaiting = true
            waiting.append(stream)
        }
    }

    /// Lets streams begin for which the server has room now.
    func admitWaiting() {
        while let stream = unadmitted.first {
            guard admits(stream) else { return }
            unadmitted.removeFirst()
            stream.isWaiting = false
            // Its headers leave at once: numbers must go out in their order.
            if case .more = stream.sendWaiting() { wait(stream) }
        }
    }

    /// Whether a stream of this number hasn't begun yet.
    func isIdle(_ id: HTTP2StreamID) -> Bool {
        guard id.isClientInitiated else { return true }
        switch role {
        case .server: return id > lastPeerStreamID
        case .client: return id >= HTTP2StreamID(nextNumber)
        }
    }

    /// Ends a stream from this side.
    func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard let id = stream.id else {
            unnumbered[ObjectIdentifier(stream)] = nil
            if stream.isWaiting { unadmitted.removeAll { $0 === stream } }
            return stream.ended(code)
        }
        if !stream.state.isClosed {
            output.write { $0.writeReset(id, code) }
            flush()
        }
        remove(stream, reason: code, isReset: true)
    }

    /// - Parameter isReset: Whether frames of the stream may still be under way to this side.
    func remove(_ stream: HTTP2Stream, reason: HTTP2ErrorCode?, isReset: Bool) {
        guard let id = stream.id, streams.removeValue(forKey: id) != nil else { return }
        lastFound = nil
        if stream.isWaiting { waiting.removeAll { $0 === stream } }
        closed.insert(id, isReset: isReset)
        if let counter, let context { counter.streamClosed(id, channel: context.channel) }
        stream.ended(reason)
        if !unadmitted.isEmpty { admitWaiting() }
    }

    /// Ends the streams of which nothing has gone out.
    func endUnnumbered() {
        let ended = Array(unnumbered.values)
        unnumbered.removeAll()
        unadmitted.removeAll()
        for stream in ended { stream.ended(stream.unsent.isEmpty ? nil : .refusedStream) }
    }
}

/// Serves the streams that a peer opens; called on the connection's event loop.
protocol HTTP2StreamOpener {
    /// Whoever uses the stream is to be attached now.
    func streamOpened(_ stream: HTTP2Stream, _ headers: HPACKHeaders, endStream: Bool)
}
