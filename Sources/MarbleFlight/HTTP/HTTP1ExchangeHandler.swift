import NIOCore
import NIOHTTP1

/// Requests of plain HTTP on a connection of HTTP/1.1.
final class HTTP1ExchangeHandler: ChannelDuplexHandler, HTTPExchangeWire {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPServerResponsePart

    private let exchange: HTTPExchange
    private var context: ChannelHandlerContext?

    init(_ exchange: HTTPExchange) {
        self.exchange = exchange
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        exchange.begin(on: self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        exchange.ended()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        exchange.received(unwrapInboundIn(data))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            exchange.inputClosed()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError { return exchange.failed(error) }
        // What comes behind an error of the parser: that is being answered.
        if case ByteToMessageDecoderError.dataReceivedInErrorState = error { return }
        exchange.failed(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        exchange.ended()
        context.fireChannelInactive()
    }

    /// While a call is under way, its client hears of the end first.
    func close(
        context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?
    ) {
        guard exchange.isCalling else { return context.close(mode: mode, promise: promise) }
        exchange.close()
        promise?.succeed()
    }

    // MARK: The exchange's side

    var remoteAddress: SocketAddress? { context?.remoteAddress }

    func write(_ part: HTTPServerResponsePart, promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(wrapOutboundOut(part), promise: promise)
    }

    func flush() {
        context?.flush()
    }

    func close() {
        context?.close(promise: nil)
    }

    func closeOutput() {
        context?.close(mode: .output, promise: nil)
    }
}
