import NIOHPACK
import NIOHTTP2

/// What may come on a stream next, and what may go (RFC 9113, 5.1 and 8.1).
struct HTTP2StreamState {
    private enum Input {
        case head
        case body
        case ended
    }

    let isServer: Bool
    private var input = Input.head
    private var isOutputEnded = false
    /// By the peer's `content-length`, so much of the body is to come.
    private var expectedByteCount: Int?

    init(isServer: Bool) {
        self.isServer = isServer
    }

    private var isInputEnded: Bool { if case .ended = input { true } else { false } }
    var isClosed: Bool { isInputEnded && isOutputEnded }

    mutating func outputEnded() {
        isOutputEnded = true
    }

    /// What the next fields are.
    var nextFields: HTTP2FieldRules.Kind {
        guard case .head = input else { return .trailers }
        return isServer ? .request : .response
    }

    /// - Returns: what is wrong with the headers or trailers; `nil`: nothing.
    mutating func received(
        _ fields: HTTP2FieldDecoder.Fields, isEnd: Bool
    ) -> HTTP2StreamError? {
        if case .ended = input {
            return HTTP2StreamError(.streamClosed, "headers came behind the end of the stream")
        }
        if let reason = fields.violation { return HTTP2StreamError(.protocolError, reason) }
        if case .head = input {
            if let error = receivedHead(fields.headers, isEnd: isEnd) { return error }
        } else if !isEnd {
            return HTTP2StreamError(.protocolError, "trailers came that don't end the stream")
        }
        return isEnd ? receivedEnd() : nil
    }

    private mutating func receivedHead(_ headers: HPACKHeaders, isEnd: Bool) -> HTTP2StreamError? {
        if !isServer, headers.first(name: ":status")?.utf8.first == UInt8(ascii: "1") {
            guard isEnd else { return nil }
            return HTTP2StreamError(.protocolError, "the stream ends before its answer")
        }
        input = .body
        for (name, value, _) in headers where name == "content-length" {
            guard let byteCount = Int(value), byteCount >= 0, value.utf8.first != UInt8(ascii: "+"),
                expectedByteCount == nil || expectedByteCount == byteCount
            else { return HTTP2StreamError(.protocolError, "content-length isn't one length") }
            expectedByteCount = byteCount
        }
        return nil
    }

    /// - Returns: what is wrong with the data; `nil`: nothing.
    mutating func receivedData(_ byteCount: Int, isEnd: Bool) -> HTTP2StreamError? {
        switch input {
        case .body: break
        case .ended:
            return HTTP2StreamError(.streamClosed, "data came behind the end of the stream")
        case .head: return HTTP2StreamError(.protocolError, "data came ahead of the headers")
        }
        if let expected = expectedByteCount {
            guard byteCount <= expected else {
                return HTTP2StreamError(.protocolError, "more data came than content-length says")
            }
            expectedByteCount = expected - byteCount
        }
        return isEnd ? receivedEnd() : nil
    }

    private mutating func receivedEnd() -> HTTP2StreamError? {
        input = .ended
        guard expectedByteCount ?? 0 == 0 else {
            return HTTP2StreamError(.protocolError, "less data came than content-length says")
        }
        return nil
    }
}
