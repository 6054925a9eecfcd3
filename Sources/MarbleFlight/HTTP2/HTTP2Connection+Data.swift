import NIOCore
import NIOHTTP2

/// Data, and when what came of it leaves.
extension HTTP2Connection {
    /// How long frames are read before what they have led to is done.
    private static let turnMax: TimeAmount = .microseconds(400)
    /// The same in bytes of data: a read may bring a thousand small messages.
    private static let turnByteCountMax = HTTP2FrameReader.partByteCountMax

    func take(_ part: HTTP2DataPart) throws(HTTP2ConnectionError) {
        try limits.dataCame(part)
        guard window.received(part.windowByteCount) else {
            throw HTTP2ConnectionError(
                .flowControlError, "more data came than the connection's window allows")
        }
        if let increment = window.takeIncrement() { openWindow(of: .rootStream, by: increment) }
        let id = part.streamID
        guard let stream = find(id) else {
            guard !isIdle(id) else {
                throw HTTP2ConnectionError(
                    .protocolError, "data came for a stream that never began")
            }
            return try checkClosed(id, isHeaders: false)
        }
        guard stream.countReceived(part.windowByteCount) else {
            return try fail(
                stream,
                HTTP2StreamError(.flowControlError, "more data came than the window allows"))
        }
        if let error = stream.state.receivedData(part.byteCount, isEnd: part.isEnd) {
            return try fail(stream, error)
        }
        note(stream)
        stream.received(part.bytes, isEnd: part.isEnd)
        inputTaken(stream, isEnd: part.isEnd)
    }

    /// Has a stream read more of its large message from the socket to where it belongs.
    ///
    /// - Returns: whether it has.
    func readBody() throws(HTTP2ConnectionError) -> Bool {
        guard !hasFailed, socket != nil, let open = reader.openData,
            open.byteCount >= PlainSocket.byteCountMin, let stream = find(open.streamID)
        else { return false }
        let byteCount = stream.fill(PlainSocket.byteCountMin...open.byteCount) {
            socket?.read(into: $0) ?? 0
        }
        if let failure = socket?.takeFailure() { handler.note(failure) }
        guard byteCount > 0, let frame = reader.passed(byteCount) else { return false }
        try take(frame)
        answerIfLong()
        return true
    }

    // MARK: Turns

    /// While much is read, what has come of it leaves already: then the peer works at the same time.
    func answerIfLong() {
        guard
            turnByteCount >= Self.turnByteCountMax
                || NIODeadline.now() - turnBegan >= Self.turnMax
        else { return }
        turnByteCount = 0
        completeReads()
        handler.writeDuringRead()
        turnBegan = .now()
    }

    func note(_ stream: HTTP2Stream) {
        guard !stream.isRead else { return }
        stream.isRead = true
        read.append(stream)
    }

    func completeReads() {
        var read: [HTTP2Stream] = []
        swap(&read, &self.read)
        for stream in read { stream.readCompleted() }
        read.removeAll(keepingCapacity: true)
        if self.read.isEmpty { swap(&read, &self.read) }
    }
}
