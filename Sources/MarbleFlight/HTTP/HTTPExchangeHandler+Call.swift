import NIOCore
import NIOHTTP1
import NIOHTTP2

// The side towards the service: what a stream's handler writes comes here instead of to HTTP/2.

extension HTTPExchangeHandler {
    func call(_ head: HTTPRequestHead, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        let handler = FlightStreamHandler(acceptor: routes.acceptor, connection: connection)
        do {
            let call = try HTTPActionCall(
                body: body, byteCountMax: routes.bodyByteCountMax, budget: routes.budget)
            try context.pipeline.syncOperations.addHandler(handler, position: .after(self))
            phase = .calling(head, call, handler)
            for frame in call.frames(head) { context.fireChannelRead(wrapInboundOut(frame)) }
            context.fireChannelReadComplete()
        } catch {
            answer(HTTPAnswer(FlightError(answering: error)), to: head, context)
        }
    }

    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        if case .calling(let head, var call, let handler) = phase, !call.isOver {
            call.receive(unwrapOutboundIn(data))
            phase = .calling(head, call, handler)
            if call.isOver { end(context) }
        }
        promise?.succeed()
    }

    func flush(context: ChannelHandlerContext) {}

    /// The stream gives its call up, or the server the connection: the client hears of it before it ends.
    func close(
        context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?
    ) {
        guard case .calling(let head, var call, let handler) = phase else {
            return context.close(mode: mode, promise: promise)
        }
        mustClose = true
        if !call.isOver {
            call.end()
            phase = .calling(head, call, handler)
            end(context)
        }
        promise?.succeed()
    }

    /// Answers on the loop's next turn: the stream is in the middle of writing.
    private func end(_ context: ChannelHandlerContext) {
        context.eventLoop.assumeIsolated().execute {
            guard case .calling(let head, let call, let handler) = self.phase else { return }
            self.answer(call.answer(), to: head, context)
            context.pipeline.syncOperations.removeHandler(handler, promise: nil)
            // A stream whose reader was slow may have left the connection in this state.
            try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}
