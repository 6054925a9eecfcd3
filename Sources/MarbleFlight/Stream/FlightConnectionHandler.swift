import NIOCore

/// Stands between the socket and HTTP/2, and makes one write of all that one turn of the loop produces
/// on all streams of the connection; if the turn is long, some of them.
final class FlightConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private(set) var peerName: String
    /// Why the connection ends, if that is known: what its streams report.
    var failure: FlightError?
    /// On a server that has an authenticator: who speaks.
    var authentication: ConnectionAuthentication?
    /// The connection's streams, if it speaks HTTP/2.
    var http2: HTTP2Connection?
    private var context: ChannelHandlerContext?
    /// The turns of the loop in which streams had something to send.
    private(set) var writtenTurnCount = 0
    private var queued: [FlightStream] = []
    private let isPeerNamed: Bool
    private var isReading = false
    private(set) var isWriting = false
    private var isWriteScheduled = false
    private var isFlushWaiting = false

    /// - Parameter peerName: The peer as the user knows it; without it, its address.
    init(peerName: String? = nil) {
        self.peerName = peerName ?? "unknown peer"
        self.isPeerNamed = peerName != nil
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if !isPeerNamed, let remoteAddress = context.remoteAddress { peerName = "\(remoteAddress)" }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        queued.removeAll()
    }

    /// Has the stream's messages written at the end of this turn of the loop.
    func enqueue(_ stream: FlightStream) {
        queued.append(stream)
        scheduleWriting()
    }

    private func scheduleWriting() {
        guard !isReading, !isWriting, !isWriteScheduled, let context else { return }
        isWriteScheduled = true
        context.eventLoop.assumeIsolated().execute {
            self.isWriteScheduled = false
            self.writeQueued()
        }
    }

    /// Writes what streams have to send, and doesn't wait for the end of the read.
    func writeDuringRead() {
        if !isWriting { writeQueued() }
    }

    private func writeQueued() {
        isWriting = true
        // Writing may make streams writable again, whose delegates then send more. That leaves with the
        // next turn, so that no stream keeps the loop to itself.
        var streams: [FlightStream] = []
        swap(&streams, &queued)
        if !streams.isEmpty { writtenTurnCount &+= 1 }
        for stream in streams { stream.writeQueued() }
        streams.removeAll(keepingCapacity: true)
        if queued.isEmpty { swap(&streams, &queued) }
        http2?.flushIfNeeded()
        isWriting = false
        if isFlushWaiting {
            isFlushWaiting = false
            context?.flush()
        }
        if !queued.isEmpty { scheduleWriting() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = true
        context.fireChannelReadComplete()
        isReading = false
        // A flush that fails has NIO read what is left, in the middle of writing.
        if !isWriting { writeQueued() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        note(error)
        context.fireErrorCaught(error)
    }

    /// The first error is why the connection ends.
    func note(_ error: any Error) {
        guard failure == nil else { return }
        let reason = TLSFailure(error)?.description ?? "\(error)"
        failure = FlightError(
            .unavailable, "the connection to \(peerName) failed: \(reason)", cause: error)
    }

    /// What was written ahead of the end, such as GOAWAY with its reason, still leaves.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if isFlushWaiting {
            isFlushWaiting = false
            context.flush()
        }
        context.close(mode: mode, promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        if isReading || isWriting {
            isFlushWaiting = true
        } else {
            context.flush()
        }
    }
}
