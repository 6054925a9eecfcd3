import NIOHTTP2

/// What can be said of a frame before its payload has come: whether its length, its stream and its place
/// among the others are as they must be (RFC 9113, 4 and 6).
struct HTTP2FrameRules {
    /// In a row: each costs its sender nine bytes.
    private static let continuationsMax = 5

    let frameByteCountMax: Int
    /// Of all frames with the headers of one message, compressed.
    let headerBlockByteCountMax: Int
    private var hasSettings = false
    /// The stream whose headers go on.
    private var openBlock: HTTP2StreamID?
    private var blockByteCount = 0
    private var continuationCount = 0

    init(frameByteCountMax: Int, headerBlockByteCountMax: Int) {
        self.frameByteCountMax = frameByteCountMax
        self.headerBlockByteCountMax = headerBlockByteCountMax
    }

    mutating func check(_ header: HTTP2FrameHeader) throws(HTTP2ConnectionError) {
        guard header.byteCount <= frameByteCountMax else {
            throw HTTP2ConnectionError(
                .frameSizeError,
                "a frame of \(header.byteCount) bytes is longer than \(frameByteCountMax)")
        }
        try checkPlace(header)
        guard Self.hasSensibleStream(header) else {
            throw HTTP2ConnectionError(.protocolError, "a frame is on a stream of the wrong kind")
        }
        guard Self.hasSensibleLength(header) else {
            throw HTTP2ConnectionError(
                .frameSizeError, "a frame's length of \(header.byteCount) doesn't fit its kind")
        }
        try checkBlock(header)
    }

    private mutating func checkPlace(_ header: HTTP2FrameHeader) throws(HTTP2ConnectionError) {
        if !hasSettings {
            guard header.kind == .settings, !header.flags.contains(.acknowledgement) else {
                throw HTTP2ConnectionError(.protocolError, "the first frame wasn't SETTINGS")
            }
            hasSettings = true
        }
        if let openBlock {
            guard header.kind == .continuation, header.streamID == openBlock else {
                throw HTTP2ConnectionError(.protocolError, "a frame came amid a block of headers")
            }
        } else if header.kind == .continuation {
            throw HTTP2ConnectionError(.protocolError, "a CONTINUATION continues nothing")
        }
        if header.kind == .pushPromise {
            throw HTTP2ConnectionError(.protocolError, "a push was promised, which isn't allowed")
        }
    }

    private static func hasSensibleStream(_ header: HTTP2FrameHeader) -> Bool {
        switch header.kind {
        case .data, .headers, .priority, .reset, .continuation: header.streamID != .rootStream
        case .settings, .ping, .goAway: header.streamID == .rootStream
        case .windowUpdate, .pushPromise, nil: true
        }
    }

    private static func hasSensibleLength(_ header: HTTP2FrameHeader) -> Bool {
        switch header.kind {
        case .data: !header.flags.contains(.padded) || header.byteCount >= 1
        case .reset, .windowUpdate: header.byteCount == 4
        case .settings:
            header.flags.contains(.acknowledgement)
                ? header.byteCount == 0 : header.byteCount % HTTP2SettingValue.byteCount == 0
        case .ping: header.byteCount == 8
        case .goAway: header.byteCount >= 8
        // A priority of another length ends its stream alone.
        case .priority, .headers, .continuation, .pushPromise, nil: true
        }
    }

    private mutating func checkBlock(_ header: HTTP2FrameHeader) throws(HTTP2ConnectionError) {
        switch header.kind {
        case .headers:
            continuationCount = 0
            blockByteCount = 0
        case .continuation: continuationCount += 1
        default: return
        }
        blockByteCount += header.byteCount
        openBlock = header.flags.contains(.endHeaders) ? nil : header.streamID
        guard continuationCount <= Self.continuationsMax else {
            throw HTTP2ConnectionError(
                .enhanceYourCalm,
                "headers came in more than \(Self.continuationsMax) CONTINUATION frames")
        }
        guard blockByteCount <= headerBlockByteCountMax else {
            throw HTTP2ConnectionError(
                .enhanceYourCalm, "headers have more than \(headerBlockByteCountMax) bytes")
        }
    }
}
