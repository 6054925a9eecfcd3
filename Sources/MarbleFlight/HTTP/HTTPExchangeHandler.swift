import Logging
import NIOCore
import NIOHTTP1
import NIOHTTP2

/// Answers plain HTTP requests, one after the other: on an HTTP/1.1 connection, or the one of an HTTP/2
/// stream.
///
/// Behind it, an action is a gRPC call like any other: for each one it adds a ``FlightStreamHandler``, to
/// which it speaks in HTTP/2 frames (``HTTPActionCall``).
final class HTTPExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTPServerResponsePart

    enum Phase {
        /// For a request's head.
        case waiting
        /// For the rest of a request.
        case receiving(HTTPRequestHead, HTTPRoute, body: ByteBuffer)
        /// For the end of a request without a body that isn't let in.
        case refusing(HTTPRequestHead, HTTPRefusal)
        case calling(HTTPRequestHead, HTTPActionCall, FlightStreamHandler)
        /// It is found out who asks.
        case identifying
        case asking(HTTPRequestHead, Task<Void, Never>)
        /// The answer is on its way out.
        case answering
        /// Nothing more is answered; what still comes is dropped until the client has gone.
        case leaving
    }

    /// After the last answer, the client has this long to take it and to close its side: a connection that
    /// is closed before its input is read is reset, and an answer on its way lost.
    private static let lingering: TimeAmount = .seconds(2)

    let routes: HTTPRoutes
    let isHTTP2: Bool
    let connection: FlightConnectionHandler
    private let logger: Logger
    var phase = Phase.waiting
    /// Whether the request was complete when its answer began.
    private var isRequestComplete = false
    var mustClose = false
    private var reservedByteCount = 0
    private var timer: Scheduled<Void>?

    init(
        routes: HTTPRoutes, connection: FlightConnectionHandler, isHTTP2: Bool, logger: Logger
    ) {
        self.routes = routes
        self.connection = connection
        self.isHTTP2 = isHTTP2
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        startTimer(routes.handshakeTimeout, context) { $0.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        release()
    }

    // MARK: The request

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let chunk): gather(chunk, context)
        case .end: complete(context)
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard case .waiting = phase else { return }
        isRequestComplete = false
        if !isHTTP2, !head.isKeepAlive { mustClose = true }
        let route: HTTPRoute
        do throws(HTTPRefusal) {
            route = try HTTPRefusal.check(head, routes, isHTTP2: isHTTP2)
        } catch {
            guard head.hasBody else {
                phase = .refusing(head, error)
                return
            }
            return answer(error.answer, to: head, context)
        }
        phase = .receiving(head, route, body: ByteBuffer())
        startTimer(routes.timeout, context) { context in
            self.mustClose = true
            let error = FlightError(
                .deadlineExceeded,
                "the request didn't arrive within \(self.routes.timeout); send it faster")
            self.answer(HTTPAnswer(error, status: .requestTimeout), to: head, context)
        }
        if !isHTTP2, head.version == .http1_1, head.expectsContinue {
            let go = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(go)), promise: nil)
        }
    }

    private func gather(_ chunk: ByteBuffer, _ context: ChannelHandlerContext) {
        guard case .receiving(let head, let route, var body) = phase else { return }
        phase = .waiting
        guard body.readableBytes + chunk.readableBytes <= routes.bodyByteCountMax else {
            return answer(
                HTTPRefusal.tooLarge(routes.bodyByteCountMax).answer, to: head, context)
        }
        guard routes.budget.reserve(chunk.readableBytes) else {
            let error = FlightError(
                .resourceExhausted,
                "the requests in transit take all the memory there is for them; try again later")
            return answer(HTTPAnswer(error, status: .serviceUnavailable), to: head, context)
        }
        reservedByteCount += chunk.readableBytes
        body.writeImmutableBuffer(chunk)
        phase = .receiving(head, route, body: body)
    }

    private func complete(_ context: ChannelHandlerContext) {
        isRequestComplete = true
        if case .refusing(let head, let refusal) = phase {
            return answer(refusal.answer, to: head, context)
        }
        guard case .receiving(let head, let route, let body) = phase else { return }
        timer?.cancel()
        switch route {
        case .action: call(head, body, context)
        case .resource(let resource): admit(to: resource, head, context)
        }
    }

    /// Asks who wants to see a page that isn't for everyone.
    private func admit(
        to resource: FlightHTTPResource, _ head: HTTPRequestHead, _ context: ChannelHandlerContext
    ) {
        guard let role = resource.requiredRole, let authentication = routes.authentication,
            let speaker = connection.authentication
        else { return ask(resource, head, context) }
        let authorization = head.headers.first(name: FlightCredentials.authorizationHeader)
        if let known = speaker.knownIdentity(authorization, authentication.authenticator) {
            return admit(known, role, to: resource, head, context)
        }
        phase = .identifying
        startTimer(routes.timeout, context) { $0.close(promise: nil) }
        speaker.identify(authorization, authentication) { result in
            guard case .identifying = self.phase else { return }
            switch result {
            case .success(let identity): self.admit(identity, role, to: resource, head, context)
            case .failure(let error): self.answer(HTTPAnswer(error), to: head, context)
            }
        }
    }

    private func admit(
        _ identity: FlightIdentity, _ role: FlightRole, to resource: FlightHTTPResource,
        _ head: HTTPRequestHead, _ context: ChannelHandlerContext
    ) {
        do throws(FlightError) {
            try identity.require(role, for: resource.path)
            timer?.cancel()
            ask(resource, head, context)
        } catch {
            answer(HTTPAnswer(error), to: head, context)
        }
    }

    private func ask(
        _ resource: FlightHTTPResource, _ head: HTTPRequestHead, _ context: ChannelHandlerContext
    ) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let task = Task {
            let response = await resource.respond()
            bound.eventLoop.execute {
                let (handler, context) = bound.value
                guard case .asking = handler.phase else { return }
                handler.answer(HTTPAnswer(response), to: head, context)
            }
        }
        phase = .asking(head, task)
    }

    // MARK: The answer

    /// Sends an answer. The next request is let in when the socket has taken it, so that a client that
    /// sends requests without reading holds one answer at a time.
    func answer(_ answer: HTTPAnswer, to head: HTTPRequestHead?, _ context: ChannelHandlerContext) {
        phase = .answering
        routes.metrics.httpRequestAnswered(answer.status)
        release()
        if !isRequestComplete { mustClose = true }
        var response = HTTPResponseHead(
            version: head?.version ?? .http1_1, status: answer.status, headers: answer.headers)
        response.headers.replaceOrAdd(
            name: "content-length", value: String(answer.body.readableBytes))
        if !isHTTP2 {
            response.headers.replaceOrAdd(
                name: "connection", value: mustClose ? "close" : "keep-alive")
        }
        startTimer(routes.timeout, context) { $0.close(promise: nil) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenSuccess {
            // On a turn of its own: answers to requests that are there already would nest.
            bound.eventLoop.execute {
                let (handler, context) = bound.value
                handler.answered(context)
            }
        }
        let isBodySent = head?.method != .HEAD && answer.body.readableBytes > 0
        context.write(wrapOutboundOut(.head(response)), promise: isBodySent ? nil : written)
        if isBodySent {
            context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: written)
        }
        if isHTTP2 { context.write(wrapOutboundOut(.end(nil)), promise: nil) }
        context.flush()
    }

    private func answered(_ context: ChannelHandlerContext) {
        guard case .answering = phase else { return }
        phase = mustClose || isHTTP2 ? .leaving : .waiting
        guard !isHTTP2 else {
            // The stream ends by itself once the client has ended its side too.
            return startTimer(routes.timeout, context) { $0.close(promise: nil) }
        }
        startTimer(routes.idleTimeout, context) { $0.close(promise: nil) }
        // Lets in the next request, which may be there already and be answered within this call.
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        if case .leaving = phase { leave(context) }
    }

    private func leave(_ context: ChannelHandlerContext) {
        startTimer(Self.lingering, context) { $0.close(promise: nil) }
        context.close(mode: .output, promise: nil)
    }

    private func release() {
        if reservedByteCount > 0 { routes.budget.release(reservedByteCount) }
        reservedByteCount = 0
    }

    private func startTimer(
        _ duration: Duration, _ context: ChannelHandlerContext,
        _ body: @escaping (ChannelHandlerContext) -> Void
    ) {
        startTimer(TimeAmount(duration), context, body)
    }

    private func startTimer(
        _ amount: TimeAmount, _ context: ChannelHandlerContext,
        _ body: @escaping (ChannelHandlerContext) -> Void
    ) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: amount) { body(context) }
    }

    // MARK: The connection

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else {
            return context.fireUserInboundEventTriggered(event)
        }
        mustClose = true
        switch phase {
        case .waiting, .receiving, .refusing, .leaving: context.close(promise: nil)
        // Half closed: it has said all it wanted, and waits for the answer.
        case .calling, .identifying, .asking, .answering: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            logger.debug(
                "plain HTTP connection failed",
                metadata: ["peer": "\(connection.peerName)", "error": "\(error)"])
            context.fireErrorCaught(error)
            return
        }
        switch phase {
        case .waiting, .receiving, .refusing:
            let head: HTTPRequestHead? =
                if case .receiving(let head, _, _) = phase { head } else { nil }
            isRequestComplete = false
            answer(HTTPRefusal.unreadable(error).answer, to: head, context)
        case .calling, .identifying, .asking, .answering, .leaving: mustClose = true
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        if case .asking(_, let task) = phase { task.cancel() }
        release()
        context.fireChannelInactive()
        phase = .leaving
    }
}

extension HTTPRequestHead {
    fileprivate var hasBody: Bool {
        if headers.contains(name: "transfer-encoding") { return true }
        guard let length = headers.first(name: "content-length") else { return false }
        return length != "0"
    }

    fileprivate var expectsContinue: Bool {
        headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    }
}
