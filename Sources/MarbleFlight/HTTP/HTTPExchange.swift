import Logging
import NIOCore
import NIOHTTP1

/// Answers plain HTTP requests, one after the other: on an HTTP/1.1 connection, or the one of an HTTP/2
/// stream.
///
/// An action is a gRPC call like any other: the exchange is what carries its ``FlightStream``, and speaks
/// to it in HTTP/2 frames (``HTTPActionCall``).
final class HTTPExchange {
    enum Phase {
        /// For a request's head.
        case waiting
        /// For the rest of a request.
        case receiving(HTTPRequestHead, HTTPRoute, body: ByteBuffer)
        /// For the end of a request without a body that isn't let in.
        case refusing(HTTPRequestHead, HTTPRefusal)
        case calling(HTTPRequestHead, HTTPActionCall)
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
    let eventLoop: any EventLoop
    /// Holds the exchange.
    private(set) weak var wire: (any HTTPExchangeWire)?
    var phase = Phase.waiting
    /// The call that a request stands for, once it has been let in.
    var call: FlightStream?
    /// Whether the request was complete when its answer began.
    private var isRequestComplete = false
    var mustClose = false
    private var reservedByteCount = 0
    private var timer: Scheduled<Void>?

    init(
        routes: HTTPRoutes, connection: FlightConnectionHandler, isHTTP2: Bool,
        eventLoop: any EventLoop, logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.routes = routes
        self.connection = connection
        self.isHTTP2 = isHTTP2
        self.logger = logger
    }

    /// Waits for a request on the wire.
    func begin(on wire: any HTTPExchangeWire) {
        self.wire = wire
        startTimer(routes.handshakeTimeout) { $0.wire?.close() }
    }

    // MARK: The request

    func received(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head): begin(head)
        case .body(let chunk): gather(chunk)
        case .end: complete()
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        guard case .waiting = phase else { return }
        isRequestComplete = false
        // Behind a request for another protocol the parser reads nothing more.
        let changesProtocol = head.method == .CONNECT || head.headers.contains(name: "upgrade")
        if !isHTTP2, !head.isKeepAlive || changesProtocol { mustClose = true }
        let route: HTTPRoute
        do throws(HTTPRefusal) {
            route = try HTTPRefusal.check(head, routes, isHTTP2: isHTTP2)
        } catch {
            guard head.hasBody else {
                phase = .refusing(head, error)
                return
            }
            return answer(error.answer, to: head)
        }
        phase = .receiving(head, route, body: ByteBuffer())
        startTimer(routes.timeout) { exchange in
            exchange.mustClose = true
            let error = FlightError(
                .deadlineExceeded,
                "the request didn't arrive within \(exchange.routes.timeout); send it faster")
            exchange.answer(HTTPAnswer(error, status: .requestTimeout), to: head)
        }
        if !isHTTP2, head.version == .http1_1, head.expectsContinue {
            let go = HTTPResponseHead(version: head.version, status: .continue)
            wire?.write(.head(go), promise: nil)
            wire?.flush()
        }
    }

    private func gather(_ chunk: ByteBuffer) {
        guard case .receiving(let head, let route, var body) = phase else { return }
        phase = .waiting
        guard body.readableBytes + chunk.readableBytes <= routes.bodyByteCountMax else {
            return answer(HTTPRefusal.tooLarge(routes.bodyByteCountMax).answer, to: head)
        }
        guard routes.budget.reserve(chunk.readableBytes) else {
            let error = FlightError(
                .resourceExhausted,
                "the requests in transit take all the memory there is for them; try again later")
            return answer(HTTPAnswer(error, status: .serviceUnavailable), to: head)
        }
        reservedByteCount += chunk.readableBytes
        body.writeImmutableBuffer(chunk)
        phase = .receiving(head, route, body: body)
    }

    private func complete() {
        isRequestComplete = true
        if case .refusing(let head, let refusal) = phase {
            return answer(refusal.answer, to: head)
        }
        guard case .receiving(let head, let route, let body) = phase else { return }
        timer?.cancel()
        switch route {
        case .action: start(head, body)
        case .resource(let resource): admit(to: resource, head)
        }
    }

    /// Asks who wants to see a page that isn't for everyone.
    private func admit(to resource: FlightHTTPResource, _ head: HTTPRequestHead) {
        guard let role = resource.requiredRole, let authentication = routes.authentication,
            let speaker = connection.authentication
        else { return ask(resource, head) }
        let authorization = head.headers.first(name: FlightCredentials.authorizationHeader)
        if let known = speaker.knownIdentity(authorization, authentication.authenticator) {
            return admit(known, role, to: resource, head)
        }
        phase = .identifying
        startTimer(routes.timeout) { $0.wire?.close() }
        speaker.identify(authorization, authentication) { result in
            guard case .identifying = self.phase else { return }
            switch result {
            case .success(let identity): self.admit(identity, role, to: resource, head)
            case .failure(let error): self.answer(HTTPAnswer(error), to: head)
            }
        }
    }

    private func admit(
        _ identity: FlightIdentity, _ role: FlightRole, to resource: FlightHTTPResource,
        _ head: HTTPRequestHead
    ) {
        do throws(FlightError) {
            try identity.require(role, for: resource.path)
            timer?.cancel()
            ask(resource, head)
        } catch {
            answer(HTTPAnswer(error), to: head)
        }
    }

    private func ask(_ resource: FlightHTTPResource, _ head: HTTPRequestHead) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let task = Task {
            let response = await resource.respond()
            bound.eventLoop.execute {
                guard case .asking = bound.value.phase else { return }
                bound.value.answer(HTTPAnswer(response), to: head)
            }
        }
        phase = .asking(head, task)
    }

    // MARK: The answer

    /// Sends an answer. The next request is let in when the socket has taken it, so that a client that
    /// sends requests without reading holds one answer at a time.
    func answer(_ answer: HTTPAnswer, to head: HTTPRequestHead?) {
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
        guard let wire else { return }
        startTimer(routes.timeout) { $0.wire?.close() }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let written = eventLoop.makePromise(of: Void.self)
        written.futureResult.whenSuccess {
            // On a turn of its own: answers to requests that are there already would nest.
            bound.eventLoop.execute { bound.value.answered() }
        }
        let isBodySent = head?.method != .HEAD && answer.body.readableBytes > 0
        wire.write(.head(response), promise: isBodySent ? nil : written)
        if isBodySent { wire.write(.body(.byteBuffer(answer.body)), promise: written) }
        if isHTTP2 { wire.write(.end(nil), promise: nil) }
        wire.flush()
    }

    private func answered() {
        guard case .answering = phase else { return }
        phase = mustClose || isHTTP2 ? .leaving : .waiting
        guard !isHTTP2 else {
            // The stream ends by itself once the client has ended its side too.
            return startTimer(routes.timeout) { $0.wire?.close() }
        }
        startTimer(routes.idleTimeout) { $0.wire?.close() }
        // Lets in the next request, which may be there already and be answered within this call.
        wire?.write(.end(nil), promise: nil)
        wire?.flush()
        if case .leaving = phase { leave() }
    }

    private func leave() {
        startTimer(Self.lingering) { $0.wire?.close() }
        wire?.closeOutput()
    }

    private func release() {
        if reservedByteCount > 0 { routes.budget.release(reservedByteCount) }
        reservedByteCount = 0
    }

    private func startTimer(_ duration: Duration, _ body: @escaping (HTTPExchange) -> Void) {
        startTimer(TimeAmount(duration), body)
    }

    private func startTimer(_ amount: TimeAmount, _ body: @escaping (HTTPExchange) -> Void) {
        timer?.cancel()
        timer = eventLoop.assumeIsolated().scheduleTask(in: amount) { body(self) }
    }

    // MARK: The connection

    /// The client has closed its side.
    func inputClosed() {
        mustClose = true
        switch phase {
        case .waiting, .receiving, .refusing, .leaving: wire?.close()
        // Half closed: it has said all it wanted, and waits for the answer.
        case .calling, .identifying, .asking, .answering: break
        }
    }

    /// What came isn't HTTP.
    func failed(_ error: HTTPParserError) {
        switch phase {
        case .waiting, .receiving, .refusing:
            let head: HTTPRequestHead? =
                if case .receiving(let head, _, _) = phase { head } else { nil }
            isRequestComplete = false
            answer(HTTPRefusal.unreadable(error).answer, to: head)
        case .calling, .identifying, .asking, .answering, .leaving: mustClose = true
        }
    }

    /// The connection fails.
    func failed(_ error: any Error) {
        logger.debug(
            "plain HTTP connection failed",
            metadata: ["peer": "\(connection.peerName)", "error": "\(error)"])
        call?.transportFailed(error)
        endCall()
    }

    /// The wire is gone.
    func ended() {
        timer?.cancel()
        if case .asking(_, let task) = phase { task.cancel() }
        release()
        phase = .leaving
        endCall()
    }
}

/// Where requests of plain HTTP come from and their answers go: a connection of HTTP/1.1, or a stream of
/// HTTP/2. Used on its event loop.
protocol HTTPExchangeWire: AnyObject {
    var remoteAddress: SocketAddress? { get }
    func write(_ part: HTTPServerResponsePart, promise: EventLoopPromise<Void>?)
    func flush()
    func close()
    /// Says that nothing more will come, where that can be said apart from the end of an answer.
    func closeOutput()
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
