import NIOCore
import NIOHPACK

extension FlightStream {
    /// An array for more messages than this isn't kept for the next read.
    private static let keptMessageCapacity = 8192

    /// Stops the delivery of messages. What the peer may still send is bounded by the HTTP/2 window,
    /// which isn't replenished while reading is paused.
    public func pauseReading() {
        eventLoop.assertInEventLoop()
        guard !isReadingPaused else { return }
        isReadingPaused = true
        meter.readingPaused()
        transport?.setReading(false)
    }

    /// Goes on with the delivery of messages, on the loop's next turn.
    public func resumeReading() {
        eventLoop.assertInEventLoop()
        guard isReadingPaused else { return }
        isReadingPaused = false
        assembler.decompressedTaken()
        eventLoop.assumeIsolated().execute { self.goOnReading() }
    }

    /// Reading gives what has come meanwhile at once, so it comes last.
    private func goOnReading() {
        deliver()
        guard !isReadingPaused, !assembler.hasWaitingMessages, phase != .closed else { return }
        transport?.setReading(true)
    }

    func dataReceived(_ chunk: ByteBuffer, endStream: Bool) {
        guard phase == .open, closeReason == nil else { return }
        meter.received(byteCount: chunk.readableBytes)
        let countBefore = received.count
        if let error = assembler.append(chunk, kind: inboundKind, messages: &received) {
            return fail(error)
        }
        messagesCame(received.count - countBefore)
        if assembler.hasWaitingMessages { transport?.setReading(false) }
        guard endStream else { return }
        inputReceivedCompletely()
        if role == .client, closeReason == nil { closeReason = .withoutStatus }
    }

    func fill(
        _ byteCounts: ClosedRange<Int>, by read: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int {
        guard phase == .open, closeReason == nil else { return 0 }
        let filled = assembler.fill(byteCounts, by: read)
        meter.received(byteCount: filled)
        return filled
    }

    func inputReceivedCompletely() {
        inputEnded = true
        checkInputEnd()
    }

    private var methodName: String { builtIn?.label ?? method.rawValue }

    private func messagesCame(_ count: Int) {
        inputMessageCount += count
        guard hasSingleInput, inputMessageCount > 1, ending == .none else { return }
        fail(.requestCount(methodName, "several"))
    }

    private func checkInputEnd() {
        if assembler.hasPartialMessage, !assembler.hasWaitingMessages {
            fail(FlightError(.internal, "the stream ended in the middle of a message"))
        } else if hasSingleInput, inputMessageCount == 0 {
            fail(.requestCount(methodName, "none"))
        }
    }

    /// Takes out some of the compressed messages that wait. Reading from the peer goes on with the last.
    private func resumeWaitingMessages() {
        let countBefore = received.count
        if let error = assembler.resume(kind: inboundKind, messages: &received) {
            return fail(error)
        }
        messagesCame(received.count - countBefore)
        guard !assembler.hasWaitingMessages else { return }
        if inputEnded { checkInputEnd() }
        transport?.setReading(true)
        scheduleDelivery()
    }

    private func scheduleDelivery() {
        guard !isDeliveryScheduled else { return }
        isDeliveryScheduled = true
        eventLoop.assumeIsolated().execute {
            self.isDeliveryScheduled = false
            self.deliver()
        }
    }

    /// Hands over what came, in the order: messages, end of input, end of the stream.
    func deliver() {
        guard !isDelivering, !isReadingPaused, phase != .closed else { return }
        isDelivering = true
        defer { isDelivering = false }
        if assembler.hasWaitingMessages, received.isEmpty {
            assembler.decompressedTaken()
            resumeWaitingMessages()
        }
        if !received.isEmpty {
            var batch: [FlightData] = []
            swap(&batch, &received)
            meter.delivered(messageCount: batch.count)
            delegate?.flightStream(self, received: &batch)
            endPauseOfEnded()
            batch.removeAll(keepingCapacity: batch.capacity <= Self.keptMessageCapacity)
            if received.isEmpty { swap(&batch, &received) }
            if !isReadingPaused { assembler.decompressedTaken() }
        }
        guard !isReadingPaused, received.isEmpty, phase != .closed else { return }
        // The loop's next turn, so that no stream keeps it to itself.
        if assembler.hasWaitingMessages { return scheduleDelivery() }
        if inputEnded, !isInputEndDelivered {
            isInputEndDelivered = true
            delegate?.flightStreamInputEnded(self)
            endPauseOfEnded()
        }
        if isClosing, !isReadingPaused { close() }
    }

    /// Ends the call because of what the peer did: a server answers with the error as its status, a
    /// client cancels.
    func fail(_ error: FlightError) {
        guard closeReason == nil, phase != .closed else { return }
        guard role == .server, ending == .none, phase == .open else { return abort(error) }
        closeReason = error
        received.removeAll()
        assembler.reset()
        finish(error)
    }

    /// Ends the call at once, and the HTTP/2 stream with `RST_STREAM`.
    func abort(_ error: FlightError) {
        guard phase != .closed else { return }
        if closeReason == nil { closeReason = error }
        received.removeAll()
        assembler.reset()
        if let transport {
            transport.close()
        } else {
            isReadingPaused = false
            isClosing = true
            deliver()
        }
    }

    /// The HTTP/2 stream is gone. Messages that came before are still delivered.
    func transportEnded() {
        guard phase != .closed, !isClosing else { return }
        transport = nil
        if isUnsent, closeReason == nil { return returnToPlace() }
        isClosing = true
        endPauseOfEnded()
        if isDelivering { return }
        deliver()
    }

    /// Of a stream that has ended, only a complete answer waits for a reader that pauses; anything else is
    /// reported at once.
    private func endPauseOfEnded() {
        guard isClosing, closeReason != nil || receivedStatus == nil else { return }
        isReadingPaused = false
    }

    private func close() {
        phase = .closed
        deadlineTask?.cancel()
        deadlineTask = nil
        progressTask?.cancel()
        progressTask = nil
        outgoing = OutgoingMessages()
        assembler.reset()
        isWritable = false
        let error = closingError()
        // A server's status is what the client gets, though its end of the call is in order.
        meter.ended(error ?? finalStatus)
        span?.end(error ?? finalStatus)
        span = nil
        endMiddleware(error)
        connection = nil
        place?.callEnded(error)
        place = nil
        let closedDelegate = delegate
        delegate = nil
        closedDelegate?.flightStream(self, closed: error)
    }

    private func closingError() -> FlightError? {
        switch role {
        case .client:
            if let closeReason { return closeReason }
            if let receivedStatus { return receivedStatus }
            if let failure = connection?.failure { return failure }
            return FlightError(
                .unavailable,
                "the connection to \(peerName) ended before the call's status came; the server may "
                    + "have stopped: try again")
        case .server:
            if let closeReason { return closeReason }
            if ending == .written { return nil }
            if let failure = connection?.failure { return failure }
            return FlightError(
                .unavailable,
                "the connection to \(peerName) ended before the call was finished")
        }
    }
}
