public import NIOCore
import NIOHPACK
import NIOHTTP2

extension FlightStream {
    /// Queues one message. It leaves with all others of this turn of the event loop.
    ///
    /// A body of 64 KiB or more leaves as its own buffer, without a copy; everything else is copied
    /// into one buffer. Messages that are sent after the end of the stream are dropped. One that is
    /// longer than may be sent ends the call with `RESOURCE_EXHAUSTED`.
    public func send(_ data: FlightData) {
        eventLoop.assertInEventLoop()
        guard phase != .closed, ending == .none else { return }
        guard data.byteCount <= limits.sentMessageByteCountMax else { return refuse(data) }
        outgoing.append(data, as: outboundKind)
        meter.queued(messageCount: 1)
        messageQueued()
    }

    /// Queues messages in order.
    public func send(contentsOf messages: some Sequence<FlightData>) {
        eventLoop.assertInEventLoop()
        guard phase != .closed, ending == .none else { return }
        for message in messages {
            guard message.byteCount <= limits.sentMessageByteCountMax else {
                return refuse(message)
            }
            outgoing.append(message, as: outboundKind)
            meter.queued(messageCount: 1)
        }
        messageQueued()
    }

    /// A message that is too long to be sent ends the call.
    private func refuse(_ data: FlightData) {
        let error = FlightError(
            .resourceExhausted,
            "a message of \(data.byteCount) bytes is longer than the \(limits.sentMessageByteCountMax) "
                + "that may be sent; split it")
        if role == .client {
            abort(error)
        } else {
            finish(error)
        }
    }

    /// Queues a message of opaque bytes only: on a server's `DoPut` stream a PutResult, on a `DoAction`
    /// stream a Result.
    public func send(appMetadata: ByteBuffer) {
        send(FlightData(appMetadata: appMetadata))
    }

    /// Queues a PutResult; the same as ``send(appMetadata:)``.
    public func sendPutResult(appMetadata: ByteBuffer) {
        send(appMetadata: appMetadata)
    }

    /// On a server: ends the call, after all that was sent, with a status.
    /// - Parameter error: The status; `nil` is `OK`.
    public func finish(_ error: FlightError? = nil) {
        eventLoop.assertInEventLoop()
        guard role == .server else { return endInput() }
        guard phase != .closed, ending == .none else { return }
        ending = .requested
        finalStatus = error
        queueForWriting()
    }

    /// On a client: says, after all that was sent, that nothing more will come.
    public func endInput() {
        eventLoop.assertInEventLoop()
        guard phase != .closed, ending == .none else { return }
        ending = .requested
        queueForWriting()
    }

    /// Ends the call at once; what was not yet written is dropped. The peer sees `CANCELLED`.
    public func cancel() {
        eventLoop.assertInEventLoop()
        abort(FlightError(.cancelled, "the call was cancelled on this side"))
    }

    private func messageQueued() {
        if isWritable, pendingByteCount > limits.writeHighWatermark {
            isWritable = false
            meter.writingPaused()
        }
        queueForWriting()
    }

    func queueForWriting() {
        guard !isQueuedForWriting, let connection else { return }
        isQueuedForWriting = true
        connection.enqueue(self)
    }

    /// Writes all that is queued into the HTTP/2 stream. Called by the connection once per turn.
    func writeQueued() {
        isQueuedForWriting = false
        guard phase == .open, let transport, ending != .written else { return }
        let isEnding = ending == .requested
        if role == .server, isEnding, headersToSend != nil, outgoing.byteCount == 0 {
            return writeTrailersOnly(transport)
        }
        writeHeaders(transport)
        writeMessages(transport, endStream: isEnding && role == .client)
        if isEnding {
            ending = .written
            if role == .server { writeTrailers(transport) }
        }
        transport.flush()
    }

    private func writeHeaders(_ transport: any StreamTransport) {
        guard var headers = headersToSend else { return }
        headersToSend = nil
        if role == .server { appendResponseMetadata(to: &headers) }
        transport.sendHeaders(headers, endStream: false, promise: nil)
    }

    private func writeMessages(_ transport: any StreamTransport, endStream: Bool) {
        let byteCount = outgoing.byteCount
        guard byteCount > 0 else {
            if endStream { transport.sendData(ByteBuffer(), endStream: true, promise: nil) }
            return
        }
        unwrittenByteCount += byteCount
        meter.writing(byteCount: byteCount)
        let written = eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { [self] _ in
            bytesWritten(byteCount)
        }
        // Writing may change the writability, whose delegate may send: nothing is held here meanwhile.
        let buffers = outgoing.take()
        for (index, buffer) in buffers.enumerated() {
            let isLast = index == buffers.count - 1
            transport.sendData(
                buffer, endStream: endStream && isLast, promise: isLast ? written : nil)
        }
    }

    private func writeTrailers(_ transport: any StreamTransport) {
        var trailers = HPACKHeaders(status: finalStatus)
        appendResponseTrailers(to: &trailers)
        transport.sendHeaders(trailers, endStream: true, promise: stopInput())
    }

    private func writeTrailersOnly(_ transport: any StreamTransport) {
        guard var headers = headersToSend else { return }
        headersToSend = nil
        ending = .written
        appendResponseMetadata(to: &headers)
        headers.add(contentsOf: HPACKHeaders(status: finalStatus))
        appendResponseTrailers(to: &headers)
        transport.sendHeaders(headers, endStream: true, promise: stopInput())
        transport.flush()
    }

    /// After the status: a client that is still sending is told to stop.
    ///
    /// - Returns: the promise of the status's write. A reset that is written before it is fulfilled would
    ///   overtake the messages and the status that wait for the client's window, and they would be dropped.
    private func stopInput() -> EventLoopPromise<Void>? {
        guard !inputEnded else { return nil }
        let written = eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess { [self] in
            guard !inputEnded, let transport else { return }
            transport.reset(.noError)
            transport.flush()
        }
        return written
    }

    private func bytesWritten(_ byteCount: Int) {
        unwrittenByteCount -= byteCount
        meter.written(byteCount: byteCount)
        updateWritability()
    }

    func updateWritability() {
        guard phase != .closed else { return }
        let wasWritable = isWritable
        if pendingByteCount > limits.writeHighWatermark || !isChannelWritable {
            isWritable = false
        } else if pendingByteCount <= limits.writeLowWatermark {
            isWritable = true
        }
        if wasWritable, !isWritable { meter.writingPaused() }
        if wasWritable != isWritable { delegate?.flightStreamWritabilityChanged(self) }
    }
}
