import NIOCore
import NIOHTTP2

/// What a peer may do that costs this side more than it: over these limits, its connection ends.
struct HTTP2PeerLimits {
    private var resets: HTTP2RateLimit
    private var streamErrors: HTTP2RateLimit
    private var controlFrames: HTTP2RateLimit
    private var emptyDataFrameCount = 0

    init(_ configuration: HTTP2Configuration) {
        resets = HTTP2RateLimit(countMax: configuration.streamResetsMax)
        streamErrors = HTTP2RateLimit(countMax: configuration.streamResetsMax)
        controlFrames = HTTP2RateLimit(countMax: HTTP2Configuration.controlFramesMax)
    }

    mutating func resetCame() throws(HTTP2ConnectionError) {
        guard resets.allows(at: .now()) else {
            throw HTTP2ConnectionError(.enhanceYourCalm, "the peer resets too many streams")
        }
    }

    mutating func streamErrorCame() throws(HTTP2ConnectionError) {
        guard streamErrors.allows(at: .now()) else {
            throw HTTP2ConnectionError(.enhanceYourCalm, "too many streams of the peer fail")
        }
    }

    mutating func controlFrameCame() throws(HTTP2ConnectionError) {
        guard controlFrames.allows(at: .now()) else {
            throw HTTP2ConnectionError(.enhanceYourCalm, "the peer sends too many control frames")
        }
    }

    mutating func dataCame(_ part: HTTP2DataPart) throws(HTTP2ConnectionError) {
        guard part.byteCount == 0, !part.isEnd else {
            emptyDataFrameCount = 0
            return
        }
        emptyDataFrameCount += 1
        guard emptyDataFrameCount <= HTTP2Configuration.emptyDataFramesMax else {
            throw HTTP2ConnectionError(.enhanceYourCalm, "the peer sends too many empty frames")
        }
    }
}
