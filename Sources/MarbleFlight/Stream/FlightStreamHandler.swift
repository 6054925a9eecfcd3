import NIOCore
import NIOHPACK
import NIOHTTP2

/// Ties a ``FlightStream`` to the channel of its HTTP/2 stream.
final class FlightStreamHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let connection: FlightConnectionHandler
    private var stream: FlightStream?
    private let acceptor: ServerCallAcceptor?
    private var isAnswered = false

    /// A client's stream, which exists before its channel.
    init(stream: FlightStream, connection: FlightConnectionHandler) {
        self.stream = stream
        self.connection = connection
        self.acceptor = nil
    }

    /// A server's stream, which comes into being with the request's headers.
    init(acceptor: ServerCallAcceptor, connection: FlightConnectionHandler) {
        self.acceptor = acceptor
        self.connection = connection
    }

    func channelActive(context: ChannelHandlerContext) {
        if let stream { stream.attach(context, connection: connection) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
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
    }

    private func receiveHeaders(
        _ frame: HTTP2Frame.FramePayload.Headers, context: ChannelHandlerContext
    ) {
        if let stream {
            stream.headersReceived(frame.headers, endStream: frame.endStream)
        } else if let acceptor, !isAnswered {
            isAnswered = true
            stream = acceptor.accept(
                frame.headers, endStream: frame.endStream, context: context, connection: connection)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard let stream else { return }
        stream.isChannelWritable = context.channel.isWritable
        stream.updateWritability()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        stream?.transportFailed(error)
        // HTTP/2 ends the stream's channel itself after a reset; anything else ends here.
        if !(error is NIOHTTP2Errors.StreamClosed) { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        streamEnded()
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
