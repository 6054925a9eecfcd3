import NIOCore
import NIOHTTP2

/// The HTTP/2 settings of servers and clients; why they are so is written in `docs/formats/flight.md`.
struct HTTP2Configuration: Sendable {
    var windowByteCount: Int
    var frameByteCountMax: Int
    var concurrentStreamsMax: Int
    var headerListByteCountMax: Int
    var streamResetsMax: Int

    /// Long-lived peers ask for signs of life more often than the library's limit of 200 in 30 seconds.
    private static let controlFramesMax = 10_000
    /// gRPC libraries send empty DATA frames in a row when a message is flushed in parts.
    private static let emptyDataFramesMax = 100
    /// Headers over the limit, but not beyond this multiple of it, are read, so that their request can be
    /// answered; beyond it, the connection ends.
    private static let headerListReadFactor = 4

    var connection: NIOHTTP2Handler.ConnectionConfiguration {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: concurrentStreamsMax),
            HTTP2Setting(
                parameter: .maxHeaderListSize,
                value: headerListByteCountMax * Self.headerListReadFactor),
            HTTP2Setting(parameter: .initialWindowSize, value: windowByteCount),
            HTTP2Setting(parameter: .maxFrameSize, value: frameByteCountMax),
            HTTP2Setting(parameter: .enablePush, value: 0),
        ]
        connection.maximumSequentialEmptyDataFrames = Self.emptyDataFramesMax
        connection.maximumRecentlyResetStreams = max(concurrentStreamsMax, 32)
        connection.controlFrameRateLimit.maximumCount = Self.controlFramesMax
        return connection
    }

    var stream: NIOHTTP2Handler.StreamConfiguration {
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = streamResetsMax
        stream.streamErrorRateLimit.maximumCount = streamResetsMax
        return stream
    }
}

/// Socket options that both ends share.
enum FlightSocket {
    static let receiveAllocator = AdaptiveRecvByteBufferAllocator(
        minimum: 2048, initial: 4096, maximum: 1 << 20)
    static let writeWatermark = ChannelOptions.Types.WriteBufferWaterMark(
        low: 1 << 20, high: 4 << 20)
}

extension TimeAmount {
    /// Rounds down to nanoseconds, and to what a `TimeAmount` can hold.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (product, isOverflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !isOverflow else {
            self = .nanoseconds(seconds < 0 ? .min / 2 : .max / 2)
            return
        }
        let limit = Int64.max / 2
        self = .nanoseconds(min(max(product, -limit), limit) + attoseconds / 1_000_000_000)
    }
}
