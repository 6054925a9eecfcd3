import NIOCore
import NIOHPACK
import NIOHTTP2

/// The streams of one HTTP/2 connection: gives each its frames, opens the windows, and tells each its end.
///
/// Stands behind the `NIOHTTP2Handler`, which knows the protocol. NIO's own multiplexer gives each stream a
/// channel with a pipeline; for a call of one small message each way that is half of the work.
final class HTTP2Streams: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let eventLoop: any EventLoop
    var remoteAddress: SocketAddress? { context?.remoteAddress }
    private let connection: FlightConnectionHandler
    private let windowByteCount: Int
    private let delegate: any HTTP2StreamsDelegate
    private var context: ChannelHandlerContext?
    private var streams: [HTTP2StreamID: HTTP2Stream] = [:]
    /// Streams of a client that haven't got a number.
    private var unnumbered: [ObjectIdentifier: HTTP2Stream] = [:]
    private var nextNumber: Int32 = 1
    private var window: InboundWindow
    private var read: [HTTP2Stream] = []
    private var isReading = false
    private var isFlushWaiting = false

    init(
        on channel: any Channel, connection: FlightConnectionHandler, windowByteCount: Int,
        delegate: any HTTP2StreamsDelegate
    ) {
        eventLoop = channel.eventLoop
        self.connection = connection
        self.windowByteCount = windowByteCount
        self.delegate = delegate
        window = InboundWindow(target: windowByteCount)
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
        guard isFlushWaiting else { return }
        isFlushWaiting = false
        context?.flush()
    }

    /// Writes what comes of a read, or of somebody who reads again.
    func writeSoon(_ frame: HTTP2Frame) {
        write(frame, nil)
        flush()
    }

    // MARK: Incoming

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        let frame = unwrapInboundIn(data)
        guard frame.streamID != .rootStream else { return context.fireChannelRead(data) }
        switch frame.payload {
        case .data, .headers: break
        case .priority: return context.fireChannelRead(data)
        // HTTP/2 itself acts on the others.
        default: return
        }
        if let stream = streams[frame.streamID] {
            note(stream)
            stream.received(frame.payload)
        } else if case .headers(let headers) = frame.payload {
            let stream = HTTP2Stream(self, id: frame.streamID, windowByteCount: windowByteCount)
            streams[frame.streamID] = stream
            note(stream)
            delegate.streamOpened(stream, headers)
        }
    }

    private func note(_ stream: HTTP2Stream) {
        guard !stream.isRead else { return }
        stream.isRead = true
        read.append(stream)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        var read: [HTTP2Stream] = []
        swap(&read, &self.read)
        for stream in read { stream.readCompleted() }
        read.removeAll(keepingCapacity: true)
        if self.read.isEmpty { swap(&read, &self.read) }
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
            delegate.streamClosed(event.streamID, on: context.channel)
        case let event as NIOHTTP2StreamCreatedEvent:
            // A stream whose headers are refused at once never comes here.
            guard let stream = streams[event.streamID] else { return }
            stream.isOpen = true
            delegate.streamCreated(event.streamID, on: context.channel)
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

/// What becomes of a connection's streams; called on its event loop.
protocol HTTP2StreamsDelegate {
    /// The peer has opened a stream. Whoever uses it is to be attached now.
    func streamOpened(_ stream: HTTP2Stream, _ headers: HTTP2Frame.FramePayload.Headers)
    /// HTTP/2 knows the stream, whoever has opened it.
    func streamCreated(_ id: HTTP2StreamID, on channel: any Channel)
    func streamClosed(_ id: HTTP2StreamID, on channel: any Channel)
}
