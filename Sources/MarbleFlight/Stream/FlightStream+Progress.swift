import NIOCore

extension FlightStream {
    /// What a message must have got within the timeout to go on, if it isn't whole.
    private static let progressByteCountMin = 1 << 20

    /// After each read: a peer that has to send something must do so in time.
    func watchProgress() {
        guard let timeout = limits.messageTimeout, progressTask == nil, isAwaitingPeer else {
            return
        }
        let messageCount = inputMessageCount
        let byteCount = assembler.partialByteCount
        progressTask = eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.progressTask = nil
            self.checkProgress(since: messageCount, byteCount)
        }
    }

    /// Whether a message has begun, or the only one must still come, and nothing here stands in its way.
    private var isAwaitingPeer: Bool {
        guard phase == .open, ending == .none, !inputEnded, closeReason == nil else { return false }
        return assembler.hasPartialMessage || (hasSingleInput && inputMessageCount == 0)
    }

    private func checkProgress(since messageCount: Int, _ byteCount: Int) {
        let isSlow =
            isAwaitingPeer && !isReadingPaused && !assembler.hasWaitingMessages
            && messageCount == inputMessageCount
            && assembler.partialByteCount - byteCount < Self.progressByteCountMin
        guard isSlow else { return watchProgress() }
        fail(
            FlightError(
                .deadlineExceeded,
                "a message took longer than the server waits for it; send it as a whole, or smaller "
                    + "ones"))
    }
}

extension FlightError {
    /// gRPC, `doc/statuscodes.md`: "Request cardinality violation".
    static func requestCount(_ method: String, _ count: String) -> FlightError {
        FlightError(
            .unimplemented,
            "\(method) takes exactly one request message, and the call has \(count)")
    }
}
