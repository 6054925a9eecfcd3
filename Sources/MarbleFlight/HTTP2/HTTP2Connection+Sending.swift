import DequeModule
import NIOCore
import NIOHPACK
import NIOHTTP2

extension HTTP2Connection {
    /// Data up to this leaves in the buffer of the frames; more as a buffer of its own, without a copy.
    private static let copiedByteCountMax = 4096
    /// Frames that wait for no window, such as headers, may pile up to this beyond what the channel takes.
    private static let untakenByteCountMax = 1 << 20
    /// Of HPACK's table; a peer that allows more doesn't get it.
    private static let headerTableByteCountMax = 4096

    // MARK: Frames of streams

    func write(
        _ headers: HPACKHeaders, _ isEnd: Bool, of stream: HTTP2Stream,
        _ promise: EventLoopPromise<Void>?
    ) {
        guard let id = stream.id else { return }
        do {
            try output.write(promise) { bytes in
                try encode(headers, id, isEnd, to: &bytes)
            }
        } catch {
            fail(HTTP2ConnectionError(.internalError, "headers can't be compressed: \(error)"))
        }
        if isEnd { outputEnded(stream) }
    }

    /// Compresses into the output itself, behind room for the frame's header.
    private func encode(
        _ headers: HPACKHeaders, _ id: HTTP2StreamID, _ isEnd: Bool, to bytes: inout ByteBuffer
    ) throws {
        let start = bytes.writerIndex
        bytes.writeRepeatingByte(0, count: HTTP2FrameHeader.byteCount)
        do {
            try encoder.encode(headers: headers, to: &bytes)
        } catch {
            bytes.moveWriterIndex(to: start)
            throw error
        }
        let block = start + HTTP2FrameHeader.byteCount
        let byteCount = bytes.writerIndex - block
        guard byteCount > peer.frameByteCountMax else {
            HTTP2FrameHeader(
                .headers, isEnd ? [.endHeaders, .endStream] : .endHeaders, on: id,
                byteCount: byteCount
            ).set(in: &bytes, at: start)
            return
        }
        let whole = bytes.getSlice(at: block, length: byteCount) ?? ByteBuffer()
        bytes.moveWriterIndex(to: start)
        bytes.writeHeaders(id, whole, isEnd: isEnd, frameByteCountMax: peer.frameByteCountMax)
    }

    /// Writes as much of the bytes as one frame may have now, and takes it off them.
    ///
    /// - Parameter isEnd: Whether the stream ends with the last of the bytes.
    /// - Returns: `false`: nothing may be sent now.
    func writePart(
        of bytes: inout ByteBuffer, _ isEnd: Bool, of stream: HTTP2Stream,
        _ promise: EventLoopPromise<Void>?
    ) -> Bool {
        guard let id = stream.id else { return false }
        var byteCount = bytes.readableBytes
        if byteCount > 0 {
            guard isWritable else { return false }
            byteCount = min(byteCount, outboundWindow.byteCount, stream.outboundWindow.byteCount)
            guard byteCount > 0 else { return false }
            byteCount = min(byteCount, peer.frameByteCountMax)
        }
        guard let part = bytes.readSlice(length: byteCount) else { return false }
        outboundWindow.sent(byteCount)
        stream.outboundWindow.sent(byteCount)
        let isLast = bytes.readableBytes == 0
        let isCopied = byteCount <= Self.copiedByteCountMax
        let header = HTTP2FrameHeader(
            .data, isEnd && isLast ? .endStream : [], on: id, byteCount: byteCount)
        output.write(isLast && isCopied ? promise : nil) { output in
            header.write(to: &output)
            if isCopied { output.writeImmutableBuffer(part) }
        }
        if !isCopied {
            takeOutput()
            writeToChannel(part, isLast ? promise : nil)
        }
        if isEnd, isLast { outputEnded(stream) }
        return true
    }

    private func outputEnded(_ stream: HTTP2Stream) {
        stream.state.outputEnded()
        if stream.state.isClosed { remove(stream, reason: nil, isReset: false) }
    }

    func openWindow(of id: HTTP2StreamID, by increment: Int) {
        output.write { $0.writeWindowUpdate(id, by: increment) }
        flush()
    }

    /// Goes on with streams that wait for the connection's window or for the socket, a frame of each in turn.
    func sendWaiting() {
        guard !isSendingWaiting else { return }
        isSendingWaiting = true
        defer { isSendingWaiting = false }
        var hasSent = false
        while isWritable, outboundWindow.byteCount > 0, let stream = waiting.popFirst() {
            stream.isWaiting = false
            hasSent = true
            if case .more = stream.sendWaiting() { wait(stream) }
        }
        if hasSent { flush() }
    }

    // MARK: Frames of the connection

    /// What the handlers behind have to say.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data).payload {
        case .goAway(let lastStreamID, let code, let debugData):
            lastServed = min(lastServed, lastStreamID)
            output.write(promise) {
                $0.writeGoAway(lastStreamID: lastStreamID, code, debugData)
            }
        case .ping(let data, let isAcknowledgement):
            output.write(promise) { $0.writePing(data, isAcknowledgement: isAcknowledgement) }
        default:
            promise?.fail(ChannelError.operationUnsupported)
        }
    }

    /// What was written ahead of the end, such as GOAWAY with its reason, still leaves.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        takeOutput()
        context.flush()
        context.close(mode: mode, promise: promise)
    }

    func take(_ settings: [HTTP2SettingValue]) throws(HTTP2ConnectionError) {
        let windowBefore = peer.streamWindowByteCount
        try peer.take(settings, isServer: role == .client)
        try? encoder.setDynamicTableSize(
            min(peer.headerTableByteCount, Self.headerTableByteCountMax))
        output.write { $0.writeSettingsAcknowledgement() }
        flush()
        let delta = peer.streamWindowByteCount - windowBefore
        if delta != 0 {
            for stream in allStreams where stream.isOpen {
                guard stream.outboundWindow.changed(by: delta) else {
                    throw HTTP2ConnectionError(.flowControlError, "a window is too large")
                }
                if !stream.unsent.isEmpty { wait(stream) }
            }
        }
        admitWaiting()
        sendWaiting()
    }

    // MARK: The socket

    func takeOutput() {
        guard let (bytes, promise) = output.take(on: eventLoop) else { return }
        // What makes the channel unwritable may hold data, which then stops.
        let wasWritable = isWritable
        writeToChannel(bytes, promise)
        guard !wasWritable, !hasFailed else { return }
        untakenByteCount += bytes.readableBytes
        guard untakenByteCount > Self.untakenByteCountMax else { return }
        fail(HTTP2ConnectionError(.enhanceYourCalm, "the peer doesn't read what it is sent"))
    }

    private func writeToChannel(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(wrapOutboundOut(.byteBuffer(bytes)), promise: promise)
    }

    func flush(context: ChannelHandlerContext) {
        flush()
    }

    /// Once for all streams of this turn, where that comes to an end by itself.
    func flush() {
        if isReading || handler.isWriting {
            isFlushWaiting = true
        } else {
            takeOutput()
            context?.flush()
        }
    }

    func flushIfNeeded() {
        // A flush ends streams, of which further frames may come.
        while isFlushWaiting {
            isFlushWaiting = false
            takeOutput()
            context?.flush()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        untakenByteCount = 0
        for stream in allStreams { stream.connectionWritabilityChanged(isWritable) }
        if isWritable { sendWaiting() }
        context.fireChannelWritabilityChanged()
    }
}
