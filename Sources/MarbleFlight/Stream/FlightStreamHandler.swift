import NIOCore
import NIOHPACK
import NIOHTTP2

/// Ties a ``FlightStream`` to the channel of its HTTP/2 stream, or to an ``HTTPExchangeHandler`` that
/// behaves like one.
final class FlightStreamHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let connection: FlightConnectionHandler
    private var stream: FlightStream?
    private let acceptor: ServerCallAcceptor?
    private let plainHTTP: ServerPipeline?
    private var isAnswered = false
    /// Whether the request isn't gRPC's: the handlers behind this one have it.
    private var isPassedOn = false

    /// A client's stream, which exists before its channel.
    init(stream: FlightStream, connection: FlightConnectionHandler) {
        self.stream = stream
        self.connection = connection
        self.acceptor = nil
        self.plainHTTP = nil
    }

    /// A server's stream, which comes into being with the request's headers.
    ///
    /// - Parameter plainHTTP: Takes requests that aren't gRPC's; without it, the acceptor refuses them.
    init(
        acceptor: ServerCallAcceptor, connection: FlightConnectionHandler,
        plainHTTP: ServerPipeline? = nil
    ) {
        self.acceptor = acceptor
        self.plainHTTP = plainHTTP
        self.connection = connection
    }

    func channelActive(context: ChannelHandlerContext) {
        if let stream { stream.attach(context, connection: connection) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isPassedOn else { return context.fireChannelRead(data) }
        switch unwrapInboundIn(data) {
        case .data(let data):
            guard case .byteBuffer(let chunk) = data.data else { return }
            stream?.dataReceived(chunk, endStream: data.endStream)
        case .headers(let headers):
            receiveHeaders(headers, context: context)
        default:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        stream?.deliver()
        if isPassedOn { context.fireChannelReadComplete() }
        stream?.watchProgress()
    }

    private func receiveHeaders(
        _ frame: HTTP2Frame.FramePayload.Headers, context: ChannelHandlerContext
    ) {
        if let stream {
            stream.headersReceived(frame.headers, endStream: frame.endStream)
        } else if let acceptor, !isAnswered {
            isAnswered = true
            if let plainHTTP, HTTPRoutes.isPlain(frame.headers) {
                return passOn(frame, to: plainHTTP, context)
            }
            stream = acceptor.accept(
                frame.headers, endStream: frame.endStream, context: context, connection: connection)
        }
    }

    private func passOn(
        _ frame: HTTP2Frame.FramePayload.Headers, to plainHTTP: ServerPipeline,
        _ context: ChannelHandlerContext
    ) {
        do {
            try plainHTTP.configurePlainStream(context, connection)
            isPassedOn = true
            context.fireChannelRead(wrapInboundOut(.headers(frame)))
        } catch {
            context.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard let stream else { return }
        stream.isChannelWritable = context.channel.isWritable
        stream.updateWritability()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isPassedOn else { return context.fireErrorCaught(error) }
        stream?.transportFailed(error)
        // HTTP/2 ends the stream's channel itself after a reset; anything else ends here.
        if !(error is NIOHTTP2Errors.StreamClosed) { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        streamEnded()
        if isPassedOn { context.fireChannelInactive() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        streamEnded()
    }

    private func streamEnded() {
        guard let stream else { return }
        self.stream = nil
        // A client's stream that hasn't come here yet can go elsewhere.
        guard stream.phase != .opening else { return }
        stream.channelClosed()
        acceptor?.callEnded(stream)
    }
}
