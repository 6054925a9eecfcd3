import NIOHTTP2

/// What the peer has said in SETTINGS, as far as it bounds what is sent to it (RFC 9113, 6.5.2).
struct HTTP2PeerSettings {
    private static let frameByteCounts = 16_384...16_777_215

    private(set) var streamWindowByteCount = InboundWindow.initialByteCount
    private(set) var frameByteCountMax = frameByteCounts.lowerBound
    private(set) var concurrentStreamsMax = Int.max
    private(set) var headerTableByteCount = 4096

    /// - Parameter isServer: Whether the peer is a server.
    mutating func take(
        _ settings: [HTTP2SettingValue], isServer: Bool
    ) throws(HTTP2ConnectionError) {
        for setting in settings {
            switch setting.name {
            case .headerTableSize: headerTableByteCount = setting.value
            case .enablePush:
                guard setting.value == 0 || setting.value == 1 && !isServer else {
                    throw HTTP2ConnectionError(.protocolError, "ENABLE_PUSH isn't as it must be")
                }
            case .maxConcurrentStreams: concurrentStreamsMax = setting.value
            case .initialWindowSize:
                guard setting.value <= Int(Int32.max) else {
                    throw HTTP2ConnectionError(.flowControlError, "a window is too large")
                }
                streamWindowByteCount = setting.value
            case .maxFrameSize:
                guard Self.frameByteCounts.contains(setting.value) else {
                    throw HTTP2ConnectionError(
                        .protocolError, "MAX_FRAME_SIZE isn't in its bounds")
                }
                frameByteCountMax = setting.value
            case .maxHeaderListSize, nil: break
            }
        }
    }
}
