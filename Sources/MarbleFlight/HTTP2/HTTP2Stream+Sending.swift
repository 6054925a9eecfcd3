import DequeModule
import NIOCore
import NIOHPACK
import NIOHTTP2

/// What a stream's user writes goes out at once, or waits here for its turn.
extension HTTP2Stream {
    enum Outgoing {
        case headers(HPACKHeaders, isEnd: Bool, EventLoopPromise<Void>?)
        case data(ByteBuffer, isEnd: Bool, EventLoopPromise<Void>?)
    }

    enum Progress {
        /// Nothing waits any more.
        case done
        /// More can be sent when it is its turn again.
        case more
        /// The peer has to open the stream's window first.
        case blocked
    }

    func sendHeaders(_ headers: HPACKHeaders, endStream: Bool, promise: EventLoopPromise<Void>?) {
        guard begins(endStream, promise) else { return }
        let kind: HTTP2FieldRules.Kind =
            hasSentHead ? .trailers : state.isServer ? .response : .request
        hasSentHead = true
        if let reason = HTTP2FieldRules.violation(of: headers, as: kind) {
            let error = HTTP2StreamError(.internalError, "these headers can't be sent: \(reason)")
            promise?.fail(error)
            return failed(error)
        }
        if unsent.isEmpty, connection.admits(self) {
            connection.write(headers, endStream, of: self, promise)
        } else {
            wait(.headers(headers, isEnd: endStream, promise))
        }
    }

    func sendData(_ bytes: ByteBuffer, endStream: Bool, promise: EventLoopPromise<Void>?) {
        guard begins(endStream, promise) else { return }
        var rest = bytes
        if unsent.isEmpty, connection.admits(self) {
            while connection.writePart(of: &rest, endStream, of: self, promise) {
                if rest.readableBytes == 0 { return }
                guard isOpen else {
                    promise?.fail(ChannelError.alreadyClosed)
                    return
                }
            }
        }
        wait(.data(rest, isEnd: endStream, promise))
    }

    /// Whether anything can still be said.
    private func begins(_ isEnd: Bool, _ promise: EventLoopPromise<Void>?) -> Bool {
        guard isOpen, !isOutputComplete else {
            promise?.fail(ChannelError.alreadyClosed)
            return false
        }
        isOutputComplete = isEnd
        return true
    }

    private func wait(_ outgoing: Outgoing) {
        unsent.append(outgoing)
        connection.wait(self)
    }

    /// Sends of what waits as much as one frame has of data, and what needs no room.
    func sendWaiting() -> Progress {
        var isDataSent = false
        while let next = unsent.first {
            switch next {
            case .headers(let headers, let isEnd, let promise):
                unsent.removeFirst()
                connection.write(headers, isEnd, of: self, promise)
            case .data(var bytes, let isEnd, let promise):
                if bytes.readableBytes > 0 {
                    if outboundWindow.byteCount <= 0 { return .blocked }
                    if isDataSent { return .more }
                }
                unsent.removeFirst()
                let isSent = connection.writePart(of: &bytes, isEnd, of: self, promise)
                // Whoever is told of what was sent may have ended the stream.
                guard isOpen else {
                    if !isSent || bytes.readableBytes > 0 {
                        promise?.fail(ChannelError.alreadyClosed)
                    }
                    return .done
                }
                if !isSent || bytes.readableBytes > 0 {
                    unsent.prepend(.data(bytes, isEnd: isEnd, promise))
                }
                if !isSent { return .more }
                isDataSent = true
            }
        }
        return .done
    }

    func dropUnsent() {
        let dropped = unsent
        unsent = []
        for outgoing in dropped {
            switch outgoing {
            case .headers(_, _, let promise), .data(_, _, let promise):
                promise?.fail(ChannelError.alreadyClosed)
            }
        }
    }
}
