import NIOCore
import NIOHTTP2

/// Makes frames of what comes from the socket.
///
/// DATA is handed on in parts as it comes, as slices of what was read; nothing of it is copied. Other frames
/// are gathered, up to limits.
struct HTTP2FrameReader {
    /// What is longer comes in several parts, so that the first is answered before all are looked at.
    static let partByteCountMax = 64 << 10

    private enum Position {
        case preface
        case header
        case payload(HTTP2FrameHeader)
        case padLength(HTTP2FrameHeader)
        case data(OpenData)
        case padding(OpenData)
        case skipping(Int)
    }

    private struct OpenData {
        let streamID: HTTP2StreamID
        let isEnd: Bool
        var byteCount: Int
        var paddingByteCount = 0
        /// Padding that hasn't been counted against the windows.
        var uncountedByteCount = 0
    }

    private static let preface = ByteBuffer(string: HTTP2Preface.text)

    private var rules: HTTP2FrameRules
    private var position: Position
    /// What has been read and not been taken yet.
    private var input = ByteBuffer()
    /// The beginning of a frame of which the rest is to come.
    private var kept = ByteBuffer()
    private var block: HTTP2HeaderBlock?

    /// - Parameter expectsPreface: On a server: the client's first words.
    init(_ rules: HTTP2FrameRules, expectsPreface: Bool) {
        self.rules = rules
        position = expectsPreface ? .preface : .header
    }

    mutating func append(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeImmutableBuffer(bytes)
        }
    }

    /// - Returns: `nil` when more has to come first. Then nothing of what was appended is held.
    mutating func next() throws(HTTP2ConnectionError) -> HTTP2IncomingFrame? {
        while true {
            switch position {
            case .header:
                guard let header = try takeHeader() else { return nil }
                position = Self.position(behind: header)
                if case .data(let data) = position, data.byteCount == 0 { return part(of: data) }
            case .data(let data):
                guard input.readableBytes > 0 else { return released() }
                return part(of: data)
            case .payload(let header):
                guard let bytes = take(header.byteCount) else { return nil }
                position = .header
                if let frame = try frame(header, bytes) { return frame }
            case .padLength(let header):
                guard let bytes = take(1) else { return nil }
                position = try Self.padded(header, bytes.getInteger(at: bytes.readerIndex) ?? 0)
            case .padding(let data):
                guard let part = skipPadding(data) else { return released() }
                return part
            case .skipping(let byteCount):
                let skipped = min(byteCount, input.readableBytes)
                input.moveReaderIndex(forwardBy: skipped)
                position = skipped == byteCount ? .header : .skipping(byteCount - skipped)
                if skipped < byteCount { return released() }
            case .preface:
                guard let bytes = take(Self.preface.readableBytes) else { return nil }
                guard bytes == Self.preface else {
                    throw HTTP2ConnectionError(.protocolError, "what began wasn't HTTP/2")
                }
                position = .header
            }
        }
    }

    /// Lets go of the buffer that was read, so that the next read can have its memory.
    private mutating func released() -> HTTP2IncomingFrame? {
        input = ByteBuffer()
        return nil
    }

    /// Takes so many bytes, or keeps what there is until the rest comes.
    private mutating func take(_ byteCount: Int) -> ByteBuffer? {
        if kept.readableBytes == 0, let bytes = input.readSlice(length: byteCount) { return bytes }
        let lacking = min(byteCount - kept.readableBytes, input.readableBytes)
        if let bytes = input.readSlice(length: lacking) { kept.writeImmutableBuffer(bytes) }
        guard kept.readableBytes == byteCount else {
            input = ByteBuffer()
            return nil
        }
        let bytes = kept
        kept = ByteBuffer()
        return bytes
    }

    private mutating func takeHeader() throws(HTTP2ConnectionError) -> HTTP2FrameHeader? {
        let header: HTTP2FrameHeader
        if kept.readableBytes == 0, let whole = HTTP2FrameHeader(readingFrom: &input) {
            header = whole
        } else {
            guard var bytes = take(HTTP2FrameHeader.byteCount),
                let whole = HTTP2FrameHeader(readingFrom: &bytes)
            else { return nil }
            header = whole
        }
        try rules.check(header)
        return header
    }

    private static func position(behind header: HTTP2FrameHeader) -> Position {
        switch header.kind {
        case .data:
            if header.flags.contains(.padded) { return .padLength(header) }
            return .data(
                OpenData(
                    streamID: header.streamID, isEnd: header.flags.contains(.endStream),
                    byteCount: header.byteCount))
        case nil: return .skipping(header.byteCount)
        default: return .payload(header)
        }
    }

    // MARK: DATA

    /// The frame of which data comes next, if nothing of that has been appended, and how much is to come.
    var openData: (streamID: HTTP2StreamID, byteCount: Int)? {
        guard case .data(let data) = position, input.readableBytes == 0 else { return nil }
        return (data.streamID, data.byteCount)
    }

    /// Goes on behind data of the ``openData`` that its stream has read itself.
    mutating func passed(_ byteCount: Int) -> HTTP2IncomingFrame? {
        guard case .data(let data) = position else { return nil }
        return part(of: data, ByteBuffer(), min(byteCount, data.byteCount))
    }

    private mutating func part(of data: OpenData) -> HTTP2IncomingFrame {
        let byteCount = min(data.byteCount, input.readableBytes, Self.partByteCountMax)
        return part(of: data, input.readSlice(length: byteCount) ?? ByteBuffer(), byteCount)
    }

    private mutating func part(
        of openData: OpenData, _ bytes: ByteBuffer, _ byteCount: Int
    ) -> HTTP2IncomingFrame {
        var data = openData
        data.byteCount -= byteCount
        let windowByteCount = byteCount + data.uncountedByteCount
        data.uncountedByteCount = 0
        var isEnd = false
        if data.byteCount > 0 {
            position = .data(data)
        } else if data.paddingByteCount > 0 {
            position = .padding(data)
        } else {
            position = .header
            isEnd = data.isEnd
        }
        return .data(
            HTTP2DataPart(
                streamID: data.streamID, bytes: bytes, byteCount: byteCount,
                windowByteCount: windowByteCount, isEnd: isEnd))
    }

    private static func padded(
        _ header: HTTP2FrameHeader, _ padLength: UInt8
    ) throws(HTTP2ConnectionError) -> Position {
        let byteCount = header.byteCount - 1 - Int(padLength)
        guard byteCount >= 0 else {
            throw HTTP2ConnectionError(.protocolError, "a frame is padded beyond its length")
        }
        let data = OpenData(
            streamID: header.streamID, isEnd: header.flags.contains(.endStream),
            byteCount: byteCount, paddingByteCount: Int(padLength), uncountedByteCount: 1)
        return byteCount == 0 ? .padding(data) : .data(data)
    }

    /// - Returns: a part without bytes when all of the padding has come.
    private mutating func skipPadding(_ data: OpenData) -> HTTP2IncomingFrame? {
        var data = data
        let byteCount = min(data.paddingByteCount, input.readableBytes)
        input.moveReaderIndex(forwardBy: byteCount)
        data.paddingByteCount -= byteCount
        data.uncountedByteCount += byteCount
        guard data.paddingByteCount == 0 else {
            position = .padding(data)
            return nil
        }
        position = .header
        return .data(
            HTTP2DataPart(
                streamID: data.streamID, bytes: ByteBuffer(), byteCount: 0,
                windowByteCount: data.uncountedByteCount, isEnd: data.isEnd))
    }

    // MARK: Other frames

    /// - Returns: `nil` for headers that go on.
    private mutating func frame(
        _ header: HTTP2FrameHeader, _ payload: ByteBuffer
    ) throws(HTTP2ConnectionError) -> HTTP2IncomingFrame? {
        var bytes = payload
        switch header.kind {
        case .headers: return try headers(header, &bytes)
        case .continuation:
            block?.bytes.writeImmutableBuffer(bytes)
            return header.flags.contains(.endHeaders) ? takeBlock() : nil
        case .priority: return priority(header, bytes)
        case .reset:
            return .reset(header.streamID, HTTP2ErrorCode(bytes.readInteger() ?? UInt32(0)))
        case .settings:
            if header.flags.contains(.acknowledgement) { return .settingsAcknowledged }
            return .settings(Self.settings(&bytes))
        case .ping:
            let data = HTTP2PingData(withInteger: bytes.readInteger() ?? 0)
            return .ping(data, isAcknowledgement: header.flags.contains(.acknowledgement))
        case .goAway:
            let last = bytes.readInteger(as: UInt32.self) ?? 0
            let code = bytes.readInteger(as: UInt32.self) ?? 0
            return .goAway(
                lastStreamID: HTTP2StreamID(Int(last & 0x7FFF_FFFF)), HTTP2ErrorCode(code), bytes)
        case .windowUpdate:
            let increment = Int((bytes.readInteger(as: UInt32.self) ?? 0) & 0x7FFF_FFFF)
            guard increment == 0 else { return .windowUpdate(header.streamID, increment) }
            let reason = "a window is opened by nothing"
            guard header.streamID != .rootStream else {
                throw HTTP2ConnectionError(.protocolError, reason)
            }
            return .malformed(header.streamID, HTTP2StreamError(.protocolError, reason))
        case .data, .pushPromise, nil: return nil
        }
    }

    private mutating func headers(
        _ header: HTTP2FrameHeader, _ bytes: inout ByteBuffer
    ) throws(HTTP2ConnectionError) -> HTTP2IncomingFrame? {
        var padLength = 0
        if header.flags.contains(.padded) {
            padLength = Int(bytes.readInteger(as: UInt8.self) ?? .max)
        }
        var dependsOnItself = false
        if header.flags.contains(.priority) {
            guard let dependency = bytes.readInteger(as: UInt32.self), bytes.readableBytes >= 1
            else {
                throw HTTP2ConnectionError(
                    .frameSizeError, "headers are shorter than their priority")
            }
            bytes.moveReaderIndex(forwardBy: 1)
            dependsOnItself = Int(dependency & 0x7FFF_FFFF) == Int(header.streamID)
        }
        guard padLength <= bytes.readableBytes,
            let fragment = bytes.readSlice(length: bytes.readableBytes - padLength)
        else {
            throw HTTP2ConnectionError(.protocolError, "a frame is padded beyond its length")
        }
        block = HTTP2HeaderBlock(
            streamID: header.streamID, bytes: fragment, isEnd: header.flags.contains(.endStream),
            dependsOnItself: dependsOnItself)
        return header.flags.contains(.endHeaders) ? takeBlock() : nil
    }

    private mutating func takeBlock() -> HTTP2IncomingFrame? {
        guard let block else { return nil }
        self.block = nil
        return .headers(block)
    }

    private func priority(_ header: HTTP2FrameHeader, _ bytes: ByteBuffer) -> HTTP2IncomingFrame {
        guard bytes.readableBytes == 5,
            let dependency = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self)
        else {
            return .malformed(
                header.streamID, HTTP2StreamError(.frameSizeError, "a priority has five bytes"))
        }
        guard Int(dependency & 0x7FFF_FFFF) != Int(header.streamID) else {
            return .malformed(
                header.streamID, HTTP2StreamError(.protocolError, "a stream depends on itself"))
        }
        return .priority
    }

    private static func settings(_ bytes: inout ByteBuffer) -> [HTTP2SettingValue] {
        var settings: [HTTP2SettingValue] = []
        settings.reserveCapacity(bytes.readableBytes / HTTP2SettingValue.byteCount)
        while let (number, value) = bytes.readMultipleIntegers(as: (UInt16, UInt32).self) {
            settings.append(HTTP2SettingValue(number: number, value: Int(value)))
        }
        return settings
    }
}

extension HTTP2ErrorCode {
    fileprivate init(_ code: UInt32) {
        self.init(networkCode: Int(code))
    }
}
