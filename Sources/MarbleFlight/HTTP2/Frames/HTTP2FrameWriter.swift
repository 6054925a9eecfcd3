import NIOCore
import NIOHTTP2

extension ByteBuffer {
    mutating func writeFrame(_ settings: [HTTP2SettingValue]) {
        HTTP2FrameHeader(
            .settings, on: .rootStream, byteCount: settings.count * HTTP2SettingValue.byteCount
        ).write(to: &self)
        for setting in settings {
            writeMultipleIntegers(setting.number, UInt32(truncatingIfNeeded: setting.value))
        }
    }

    mutating func writeSettingsAcknowledgement() {
        HTTP2FrameHeader(.settings, .acknowledgement, on: .rootStream, byteCount: 0).write(
            to: &self)
    }

    mutating func writePing(_ data: HTTP2PingData, isAcknowledgement: Bool) {
        HTTP2FrameHeader(
            .ping, isAcknowledgement ? .acknowledgement : [], on: .rootStream, byteCount: 8
        ).write(to: &self)
        writeInteger(data.integer)
    }

    mutating func writeGoAway(
        lastStreamID: HTTP2StreamID, _ code: HTTP2ErrorCode, _ debugData: ByteBuffer?
    ) {
        HTTP2FrameHeader(.goAway, on: .rootStream, byteCount: 8 + (debugData?.readableBytes ?? 0))
            .write(to: &self)
        writeMultipleIntegers(
            UInt32(truncatingIfNeeded: Int(lastStreamID)),
            UInt32(truncatingIfNeeded: code.networkCode))
        if let debugData { writeImmutableBuffer(debugData) }
    }

    mutating func writeReset(_ streamID: HTTP2StreamID, _ code: HTTP2ErrorCode) {
        HTTP2FrameHeader(.reset, on: streamID, byteCount: 4).write(to: &self)
        writeInteger(UInt32(truncatingIfNeeded: code.networkCode))
    }

    mutating func writeWindowUpdate(_ streamID: HTTP2StreamID, by increment: Int) {
        HTTP2FrameHeader(.windowUpdate, on: streamID, byteCount: 4).write(to: &self)
        writeInteger(UInt32(truncatingIfNeeded: increment))
    }

    /// A compressed block, in as many frames as it takes.
    mutating func writeHeaders(
        _ streamID: HTTP2StreamID, _ block: ByteBuffer, isEnd: Bool, frameByteCountMax: Int
    ) {
        var rest = block
        var kind = HTTP2FrameHeader.Kind.headers
        var flags: HTTP2FrameHeader.Flags = isEnd ? .endStream : []
        repeat {
            let byteCount = min(rest.readableBytes, frameByteCountMax)
            if byteCount == rest.readableBytes { flags.insert(.endHeaders) }
            HTTP2FrameHeader(kind, flags, on: streamID, byteCount: byteCount).write(to: &self)
            if let fragment = rest.readSlice(length: byteCount) { writeImmutableBuffer(fragment) }
            kind = .continuation
            flags = []
        } while rest.readableBytes > 0
    }
}
