import NIOCore
import NIOHPACK
import NIOHTTP2

/// The streams of one HTTP/2 connection: gives each its frames, opens the windows, and tells each its end.
///
/// Stands behind the `NIOHTTP2Handler`, which knows the protocol. NIO's own multiplexer gives each stream a
/// channel with a pipeline; for a call of one small message each way that is a third of the work.
final class HTTP2Streams: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// How long frames are read before what they have led to is done.
    private static let turnMax: TimeAmount = .microseconds(400)

    let eventLoop: any EventLoop
    var remoteAddress: SocketAddress? { context?.remoteAddress }
    private let connection: FlightConnectionHandler
    private let windowByteCount: Int
    private let opener: (any HTTP2StreamOpener)?
    private let counter: (any NIOHTTP2StreamDelegate)?
    private var context: ChannelHandlerContext?
    private var streams: [HTTP2StreamID: HTTP2Stream] = [:]
    /// Streams of a client that haven't got a number.
    private var unnumbered: [ObjectIdentifier: HTTP2Stream] = [:]
    private var nextNumber: Int32 = 1
    private var window: InboundWindow
    private var read: [HTTP2Stream] = []
    private var isReading = false
    private var turnBegan = NIODeadline.uptimeNanoseconds(0)
    private var isFlushWaiting = false

    private init(
        on channel: any Channel, connection: FlightConnectionHandler, windowByteCount: Int,
        opener: (any HTTP2StreamOpener)?, counter: (any NIOHTTP2StreamDelegate)?
    ) {
        eventLoop = channel.eventLoop
        self.connection = connection
        self.windowByteCount = windowByteCount
        self.opener = opener
        self.counter = counter
        window = InboundWindow(target: windowByteCount)
    }

    /// Adds the connection's handler, HTTP/2, and its streams to a channel, in this order.
    ///
    /// - Parameters:
    ///   - opener: Serves the streams that the peer opens; without it, they are closed.
    ///   - counter: Hears of each stream.
    static func add(
        to channel: any Channel, _ mode: NIOHTTP2Handler.ParserMode,
        _ configuration: HTTP2Configuration, connection: FlightConnectionHandler,
        opener: (any HTTP2StreamOpener)? = nil, counter: (any NIOHTTP2StreamDelegate)? = nil
    ) throws -> HTTP2Streams {
        let streams = HTTP2Streams(
            on: channel, connection: connection, windowByteCount: configuration.windowByteCount,
            opener: opener, counter: counter)
        let http2 = NIOHTTP2Handler(
            mode: mode, connectionConfiguration: configuration.connection,
            streamConfiguration: configuration.stream)
        try channel.pipeline.syncOperations.addHandlers([connection, http2, streams])
        return streams
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        connection.streams = self
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        endAll()
        self.context = nil
        connection.streams = nil
    }

    // MARK: A client's streams

    /// Begins a stream of which nothing goes out before its user writes.
    func open() -> HTTP2Stream {
        let stream = HTTP2Stream(self, windowByteCount: windowByteCount)
        unnumbered[ObjectIdentifier(stream)] = stream
        return stream
    }

    func number(_ stream: HTTP2Stream) -> HTTP2StreamID {
        let id = HTTP2StreamID(Int(nextNumber))
        nextNumber += 2
        unnumbered[ObjectIdentifier(stream)] = nil
        streams[id] = stream
        return id
    }

    /// Ends the streams of which nothing has gone out: the server takes no more of them.
    func endUnnumbered() {
        let ended = Array(unnumbered.values)
        unnumbered.removeAll()
        for stream in ended { stream.ended(nil) }
    }

    /// Ends a stream that HTTP/2 doesn't know.
    func end(_ stream: HTTP2Stream) {
        if let id = stream.id {
            streams[id] = nil
        } else {
            unnumbered[ObjectIdentifier(stream)] = nil
        }
        stream.ended(nil)
    }

    // MARK: Outgoing

    func write(_ frame: HTTP2Frame, _ promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(wrapOutboundOut(frame), promise: promise)
    }

    /// Once for all streams of this turn, where that comes to an end by itself.
    func flush() {
        if isReading || connection.isWriting {
            isFlushWaiting = true
        } else {
            context?.flush()
        }
    }

    func flushIfNeeded() {
        // A flush ends streams, of which further frames may come.
        while isFlushWaiting {
            isFlushWaiting = false
            context?.flush()
        }
    }

    /// Writes what comes of a read, or of somebody who reads again.
    func writeSoon(_ frame: HTTP2Frame) {
        write(frame, nil)
        flush()
    }

    // MARK: Incoming

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isReading {
            isReading = true
            turnBegan = .now()
        }
        let frame = unwrapInboundIn(data)
        guard frame.streamID != .rootStream else { return context.fireChannelRead(data) }
        switch frame.payload {
        case .data, .headers: take(frame)
        // HTTP/2 itself acts on the others.
        default: return
        }
        answerIfLong()
    }

    private func take(_ frame: HTTP2Frame) {
        if let stream = streams[frame.streamID] {
            note(stream)
            stream.received(frame.payload)
        } else if case .headers(let headers) = frame.payload {
            let stream = HTTP2Stream(self, id: frame.streamID, windowByteCount: windowByteCount)
            streams[frame.streamID] = stream
            note(stream)
            guard let opener else { return stream.close() }
            opener.streamOpened(stream, headers)
        }
    }

    /// While much is read, what has come of it leaves already: then the peer works at the same time.
    private func answerIfLong() {
        guard NIODeadline.now() - turnBegan >= Self.turnMax else { return }
        completeReads()
        connection.writeDuringRead()
        turnBegan = .now()
    }

    private func note(_ stream: HTTP2Stream) {
        guard !stream.isRead else { return }
        stream.isRead = true
        read.append(stream)
    }

    private func completeReads() {
        var read: [HTTP2Stream] = []
        swap(&read, &self.read)
        for stream in read { stream.readCompleted() }
        read.removeAll(keepingCapacity: true)
        if self.read.isEmpty { swap(&read, &self.read) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        completeReads()
        isReading = false
        flushIfNeeded()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        for stream in Array(streams.values) { stream.connectionWritabilityChanged(isWritable) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as NIOHTTP2WindowUpdatedEvent:
            guard let size = event.inboundWindowSize else { return }
            guard event.streamID == .rootStream else {
                streams[event.streamID]?.windowChanged(to: size)
                return
            }
            guard let increment = window.changed(to: size) else { return }
            writeSoon(
                HTTP2Frame(
                    streamID: .rootStream, payload: .windowUpdate(windowSizeIncrement: increment)))
        case let event as StreamClosedEvent:
            guard let stream = streams.removeValue(forKey: event.streamID) else { return }
            stream.ended(event.reason)
            counter?.streamClosed(event.streamID, channel: context.channel)
        case let event as NIOHTTP2StreamCreatedEvent:
            // A stream whose headers are refused at once never comes here.
            guard let stream = streams[event.streamID] else { return }
            stream.isOpen = true
            counter?.streamCreated(event.streamID, channel: context.channel)
        case let event as NIOHTTP2BulkStreamWindowChangeEvent:
            for stream in Array(streams.values) { stream.windowChanged(by: event.delta) }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? NIOHTTP2Errors.StreamError else {
            return context.fireErrorCaught(error)
        }
        streams[error.streamID]?.failed(error.baseError)
        context.fireErrorCaught(error.baseError)
    }

    func channelInactive(context: ChannelHandlerContext) {
        endAll()
        context.fireChannelInactive()
    }

    /// The connection has gone.
    private func endAll() {
        let ended = Array(streams.values)
        streams.removeAll()
        for stream in ended { stream.ended(nil) }
        endUnnumbered()
    }
}

/// Serves the streams that a peer opens; called on the connection's event loop.
protocol HTTP2StreamOpener {
    /// Whoever uses the stream is to be attached now.
    func streamOpened(_ stream: HTTP2Stream, _ headers: HTTP2Frame.FramePayload.Headers)
}
