import NIOCore

/// The HTTP/2 settings and limits of servers and clients; why they are so is written in
/// `docs/formats/flight.md`.
struct HTTP2Configuration: Sendable {
    var windowByteCount: Int
    var frameByteCountMax: Int
    var concurrentStreamsMax: Int
    var headerListByteCountMax: Int
    var streamResetsMax: Int

    /// PING, SETTINGS and PRIORITY, in half a minute. Long-lived peers ask for signs of life often.
    static let controlFramesMax = 10_000
    /// gRPC libraries send empty DATA frames in a row when a message is flushed in parts.
    static let emptyDataFramesMax = 100
    /// Headers over the limit, but not beyond this multiple of it, are read, so that their request can be
    /// answered; beyond it, the connection ends.
    private static let headerListReadFactor = 4

    /// What of a header list is read.
    var headerListReadByteCountMax: Int { headerListByteCountMax * Self.headerListReadFactor }

    var settings: [HTTP2SettingValue] {
        [
            HTTP2SettingValue(.maxConcurrentStreams, concurrentStreamsMax),
            HTTP2SettingValue(.maxHeaderListSize, headerListReadByteCountMax),
            HTTP2SettingValue(.initialWindowSize, windowByteCount),
            HTTP2SettingValue(.maxFrameSize, frameByteCountMax),
            HTTP2SettingValue(.enablePush, 0),
        ]
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
