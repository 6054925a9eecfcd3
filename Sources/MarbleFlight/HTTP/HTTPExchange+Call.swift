import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2

/// The side towards the service: what a call's stream writes comes here instead of to HTTP/2.
extension HTTPExchange: StreamTransport {
    func start(_ head: HTTPRequestHead, _ body: ByteBuffer) {
        do throws(FlightError) {
            let action = try HTTPActionCall(
                body: body, byteCountMax: routes.bodyByteCountMax, budget: routes.budget)
            phase = .calling(head, action)
            let (headers, data) = action.request(head)
            guard
                let call = routes.acceptor.accept(
                    headers, endStream: false, transport: self, connection: connection)
            else { return }
            self.call = call
            for (index, chunk) in data.enumerated() {
                call.dataReceived(chunk, endStream: index == data.count - 1)
            }
            call.readCompleted()
        } catch {
            answer(HTTPAnswer(error), to: head)
        }
    }

    var remoteAddress: SocketAddress? { wire?.remoteAddress }

    func sendHeaders(_ headers: HPACKHeaders, endStream: Bool, promise: EventLoopPromise<Void>?) {
        receive(promise) { $0.receive(headers, endStream: endStream) }
    }

    func sendData(_ bytes: ByteBuffer, endStream: Bool, promise: EventLoopPromise<Void>?) {
        receive(promise) { $0.receive(bytes) }
    }

    private func receive(
        _ promise: EventLoopPromise<Void>?, _ body: (inout HTTPActionCall) -> Void
    ) {
        if case .calling(let head, var action) = phase, !action.isOver {
            body(&action)
            phase = .calling(head, action)
            if action.isOver { end() }
        }
        promise?.succeed()
    }

    /// The call's status has said all.
    func reset(_ code: HTTP2ErrorCode) {}

    func flush() {}

    /// All of the request has come already.
    func setReading(_ isReading: Bool) {}

    /// The stream gives its call up, or the server the connection: the client hears of it before it ends.
    func close() {
        guard case .calling(let head, var action) = phase else { return }
        mustClose = true
        guard !action.isOver else { return }
        action.end()
        phase = .calling(head, action)
        end()
    }

    var isCalling: Bool {
        if case .calling = phase { true } else { false }
    }

    /// Answers on the loop's next turn: the stream is in the middle of writing.
    private func end() {
        eventLoop.assumeIsolated().execute {
            guard case .calling(let head, let action) = self.phase else { return }
            self.answer(action.answer(), to: head)
            self.endCall()
        }
    }

    func endCall() {
        guard let call else { return }
        self.call = nil
        call.streamEnded()
    }
}
