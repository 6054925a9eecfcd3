import NIOCore
import NIOHPACK
import NIOHTTP2

extension FlightStream {
    /// The stream is on a connection: what was sent meanwhile can go out.
    func attach(_ transport: any StreamTransport, connection: FlightConnectionHandler) {
        guard phase == .opening else { return transport.close() }
        self.transport = transport
        self.connection = connection
        phase = .open
        remoteAddress = transport.remoteAddress
        if isReadingPaused {
            isReadingPaused = false
            pauseReading()
        }
        // A client's headers go out at once, a server's with its first message.
        if role == .client { queueForWriting() }
    }

    /// On a client: nothing of the call has been written yet.
    var isUnsent: Bool { role == .client && headersToSend != nil }

    /// The connection went before anything was written to it: another one can take the call.
    func returnToPlace() {
        phase = .opening
        connection = nil
        isQueuedForWriting = false
        isChannelWritable = true
    }

    /// A client's stream that got no connection.
    func openingFailed(_ error: FlightError) {
        guard phase == .opening else { return }
        abort(error)
    }

    func startDeadline() {
        guard let deadline else { return }
        deadlineTask = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.deadlineExpired()
        }
    }

    private func deadlineExpired() {
        let error = FlightError(
            .deadlineExceeded,
            "the call's deadline passed before it was complete; allow it more time, or ask for less"
        )
        // A status behind data that the client doesn't take would never arrive.
        if role == .server, pendingByteCount == 0 { return fail(error) }
        abort(error)
    }

    /// On a client: the response's headers or trailers.
    func headersReceived(_ headers: HPACKHeaders, endStream: Bool) {
        guard phase == .open, closeReason == nil else { return }
        guard role == .client else {
            // Trailers of a request mean nothing in gRPC but the end of its messages.
            if endStream { inputReceivedCompletely() }
            return
        }
        if !hasReceivedHeaders {
            // 1xx: the answer is still to come.
            if let status = headers.first(name: ":status"), status.hasPrefix("1") { return }
            hasReceivedHeaders = true
            metadata = FlightMetadata(headers)
            for each in clientMiddleware { each.receivedHeaders(metadata) }
            if let error = headers.responseRefusal() { return abort(error) }
            if let encoding = headers.first(name: GRPCHeader.encoding) {
                assembler.compression = FlightCompression(rawValue: encoding) ?? .identity
            }
            delegate?.flightStreamHeadersReceived(self)
        }
        // The delegate may have ended the call.
        guard endStream, closeReason == nil else { return }
        trailingMetadata = FlightMetadata(headers)
        receivedStatus = .some(headers.callStatus())
        inputReceivedCompletely()
    }

    func transportFailed(_ error: any Error) {
        guard closeReason == nil, receivedStatus == nil, !isUnsent else { return }
        if role == .server, ending == .written, error.isOrderlyReset { return }
        closeReason = connection?.failure ?? FlightError(ending: error)
    }
}

extension Error {
    /// A reset that only says: no more is needed.
    fileprivate var isOrderlyReset: Bool {
        guard let closed = self as? NIOHTTP2Errors.StreamClosed else { return false }
        return closed.errorCode == .noError
    }
}

extension FlightError {
    /// What the end of an HTTP/2 stream by its error code means, as gRPC's `PROTOCOL-HTTP2.md` maps it.
    init(ending error: any Error) {
        guard let closed = error as? NIOHTTP2Errors.StreamClosed else {
            if let known = error as? FlightError {
                self = known
            } else if let failure = error as? HTTP2StreamError {
                self.init(.internal, "the call's stream failed: \(failure)", cause: error)
            } else {
                self.init(.unavailable, "the connection failed: \(error)", cause: error)
            }
            return
        }
        switch closed.errorCode {
        case .cancel:
            self.init(.cancelled, "the peer cancelled the call", cause: error)
        case .refusedStream:
            self.init(
                .unavailable,
                "the server refused the call before it worked on it, or stops; try again",
                cause: error)
            reach = .refused
        case .enhanceYourCalm:
            self.init(.resourceExhausted, "the peer asks for fewer calls", cause: error)
        case .inadequateSecurity:
            self.init(.permissionDenied, "the peer asks for a secure connection", cause: error)
        default:
            self.init(.internal, "the peer reset the stream: \(closed.errorCode)", cause: error)
        }
    }
}
