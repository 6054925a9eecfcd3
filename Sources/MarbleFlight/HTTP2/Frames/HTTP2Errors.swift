import NIOHTTP2

/// What ends a whole connection, with GOAWAY (RFC 9113, 5.4.1).
struct HTTP2ConnectionError: Error, CustomStringConvertible {
    let code: HTTP2ErrorCode
    let reason: String

    init(_ code: HTTP2ErrorCode, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    var description: String { "\(reason) (HTTP/2 error \(code.networkCode))" }
}

/// What ends one stream, with `RST_STREAM` (RFC 9113, 5.4.2).
struct HTTP2StreamError: Error, CustomStringConvertible {
    let code: HTTP2ErrorCode
    let reason: String

    init(_ code: HTTP2ErrorCode, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    var description: String { "\(reason) (HTTP/2 error \(code.networkCode))" }
}
