import NIOCore
import NIOHPACK
import NIOHTTP2

extension HTTP2Connection {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasFailed else { return }
        if !isReading {
            isReading = true
            turnBegan = .now()
            turnByteCount = 0
        }
        reader.append(unwrapInboundIn(data))
        // A flush that fails amid a frame has NIO read what is left.
        guard !isDecoding else { return }
        isDecoding = true
        do throws(HTTP2ConnectionError) {
            try decode()
            if try readBody() { try decode() }
        } catch {
            fail(error)
        }
        isDecoding = false
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        completeReads()
        isReading = false
        flushIfNeeded()
        if hasReadOnce {
            socket?.channelHasRead()
        } else {
            // Not before: of what came first, some may still have been on its way through the pipeline.
            hasReadOnce = true
            socket = PlainSocket(context.channel)
        }
        context.fireChannelReadComplete()
    }

    private func decode() throws(HTTP2ConnectionError) {
        while !hasFailed, let frame = try reader.next() {
            try take(frame)
            answerIfLong()
        }
    }

    func take(_ frame: HTTP2IncomingFrame) throws(HTTP2ConnectionError) {
        switch frame {
        case .data(let part):
            turnByteCount += part.byteCount
            try take(part)
        case .headers(let block): try take(block)
        case .windowUpdate(let id, let increment): try takeWindowUpdate(id, increment)
        case .reset(let id, let code):
            try limits.resetCame()
            try takeReset(id, code)
        case .settings(let settings):
            try limits.controlFrameCame()
            try take(settings)
            pass(.settings(.settings([])))
        case .settingsAcknowledged: settingsAcknowledged()
        case .ping(let data, let isAcknowledgement):
            try limits.controlFrameCame()
            if !isAcknowledgement {
                output.write { $0.writePing(data, isAcknowledgement: true) }
                flush()
            }
            pass(.ping(data, ack: isAcknowledgement))
        case .goAway(let lastStreamID, let code, let debugData):
            pass(.goAway(lastStreamID: lastStreamID, errorCode: code, opaqueData: debugData))
            takeGoAway(lastStreamID)
        case .priority: try limits.controlFrameCame()
        case .malformed(let id, let error): try takeMalformed(id, error)
        }
    }

    /// The handlers behind see the frames of the connection itself.
    private func pass(_ payload: HTTP2Frame.FramePayload) {
        context?.fireChannelRead(
            wrapInboundOut(HTTP2Frame(streamID: .rootStream, payload: payload)))
    }

    // MARK: Headers

    private func take(_ block: HTTP2HeaderBlock) throws(HTTP2ConnectionError) {
        let id = block.streamID
        let stream = find(id)
        let kind = stream?.state.nextFields ?? (role == .server ? .request : .trailers)
        // Also of a stream that isn't known: both sides' tables change with each block.
        let fields = try decoder.decode(block.bytes, as: kind)
        if let stream {
            if let error = error(of: block, fields, on: stream) { return try fail(stream, error) }
            note(stream)
            stream.received(fields.headers, isEnd: block.isEnd)
            return inputTaken(stream, isEnd: block.isEnd)
        }
        guard isIdle(id) else { return try checkClosed(id, isHeaders: true) }
        guard role == .server, id.isClientInitiated else {
            throw HTTP2ConnectionError(.protocolError, "headers came for a stream that never began")
        }
        lastPeerStreamID = id
        guard id <= lastServed else { return }
        try open(id, block, fields)
    }

    private func open(
        _ id: HTTP2StreamID, _ block: HTTP2HeaderBlock, _ fields: HTTP2FieldDecoder.Fields
    ) throws(HTTP2ConnectionError) {
        guard streamCount < configuration.concurrentStreamsMax else {
            return try refuse(
                id, HTTP2StreamError(.refusedStream, "there are too many streams already"))
        }
        let stream = makeStream(id)
        if let error = error(of: block, fields, on: stream) { return try refuse(id, error) }
        insert(stream, id)
        note(stream)
        guard let opener else { return stream.close() }
        if block.isEnd { stream.inputEnded() }
        opener.streamOpened(stream, fields.headers, endStream: block.isEnd)
        inputTaken(stream, isEnd: block.isEnd)
    }

    private func error(
        of block: HTTP2HeaderBlock, _ fields: HTTP2FieldDecoder.Fields, on stream: HTTP2Stream
    ) -> HTTP2StreamError? {
        if block.dependsOnItself {
            return HTTP2StreamError(.protocolError, "a stream depends on itself")
        }
        return stream.state.received(fields, isEnd: block.isEnd)
    }

    /// Both sides may have said all now. To a server that has, a client needn't say more (RFC 9113, 8.1).
    func inputTaken(_ stream: HTTP2Stream, isEnd: Bool) {
        guard isEnd, stream.isOpen else { return }
        if stream.state.isClosed {
            remove(stream, reason: nil, isReset: false)
        } else if role == .client {
            reset(stream, .noError)
        }
    }

    // MARK: Streams that have ended

    /// What a frame for a stream that has ended means.
    func checkClosed(_ id: HTTP2StreamID, isHeaders: Bool) throws(HTTP2ConnectionError) {
        guard id <= lastServed else { return }
        switch closed.kind(of: id) {
        case .reset: return
        case .ended where isHeaders && role == .server:
            throw HTTP2ConnectionError(.streamClosed, "headers came for a stream that has ended")
        case .forgotten where isHeaders && role == .server:
            throw HTTP2ConnectionError(.protocolError, "a stream's number is lower than the last")
        case .ended, .forgotten:
            guard !isHeaders else { return }
            try refuse(id, HTTP2StreamError(.streamClosed, "data came for a stream that has ended"))
        }
    }

    // MARK: Errors of a stream

    private func takeMalformed(
        _ id: HTTP2StreamID, _ error: HTTP2StreamError
    ) throws(HTTP2ConnectionError) {
        if let stream = find(id) { return try fail(stream, error) }
        guard isIdle(id) else { return try refuse(id, error) }
        throw HTTP2ConnectionError(error.code, error.reason)
    }

    func fail(
        _ stream: HTTP2Stream, _ error: HTTP2StreamError
    ) throws(HTTP2ConnectionError) {
        try limits.streamErrorCame()
        stream.failed(error)
    }

    /// Ends a stream that nobody uses.
    private func refuse(
        _ id: HTTP2StreamID, _ error: HTTP2StreamError
    ) throws(HTTP2ConnectionError) {
        try limits.streamErrorCame()
        output.write { $0.writeReset(id, error.code) }
        flush()
        closed.insert(id, isReset: true)
    }

    // MARK: Frames that say something of a stream or the connection

    private func takeReset(
        _ id: HTTP2StreamID, _ code: HTTP2ErrorCode
    ) throws(HTTP2ConnectionError) {
        if let stream = find(id) { return remove(stream, reason: code, isReset: false) }
        guard !isIdle(id) else {
            throw HTTP2ConnectionError(.protocolError, "a stream was reset that never began")
        }
    }

    private func takeWindowUpdate(
        _ id: HTTP2StreamID, _ increment: Int
    ) throws(HTTP2ConnectionError) {
        if id == .rootStream {
            guard outboundWindow.changed(by: increment) else {
                throw HTTP2ConnectionError(
                    .flowControlError, "the connection's window is too large")
            }
            return sendWaiting()
        }
        guard let stream = find(id) else {
            guard !isIdle(id) else {
                throw HTTP2ConnectionError(
                    .protocolError, "a window was opened of a stream that never began")
            }
            return
        }
        guard stream.outboundWindow.changed(by: increment) else {
            return try fail(
                stream, HTTP2StreamError(.flowControlError, "the stream's window is too large"))
        }
        guard !stream.unsent.isEmpty else { return }
        wait(stream)
        sendWaiting()
    }

    /// The peer has taken note of this side's settings.
    private func settingsAcknowledged() {
        let delta = configuration.windowByteCount - streamWindowByteCount
        guard delta != 0 else { return }
        streamWindowByteCount = configuration.windowByteCount
        for stream in allStreams { stream.windowChanged(by: delta) }
    }

    /// The server takes no more streams, and hasn't begun with those after the last one that it names.
    private func takeGoAway(_ lastStreamID: HTTP2StreamID) {
        guard role == .client else { return }
        endUnnumbered()
        for stream in allStreams {
            guard let id = stream.id, id > lastStreamID else { continue }
            remove(stream, reason: .refusedStream, isReset: true)
        }
    }
}
