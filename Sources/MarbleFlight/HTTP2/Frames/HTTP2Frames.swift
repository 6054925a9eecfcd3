import NIOCore
import NIOHTTP2

/// A client's first words (RFC 9113, 3.4).
enum HTTP2Preface {
    static let text = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
}

/// A frame that has come, as far as the connection has to know of it.
enum HTTP2IncomingFrame {
    /// A part of a DATA frame, so that a large one needn't be gathered.
    case data(HTTP2DataPart)
    case headers(HTTP2HeaderBlock)
    case reset(HTTP2StreamID, HTTP2ErrorCode)
    case settings([HTTP2SettingValue])
    case settingsAcknowledged
    case ping(HTTP2PingData, isAcknowledgement: Bool)
    case goAway(lastStreamID: HTTP2StreamID, HTTP2ErrorCode, ByteBuffer)
    case windowUpdate(HTTP2StreamID, Int)
    /// Says nothing that MarbleFlight acts on.
    case priority
    /// Wrong in a way that its stream alone ends with.
    case malformed(HTTP2StreamID, HTTP2StreamError)
}

/// An entry of SETTINGS (RFC 9113, 6.5.1).
struct HTTP2SettingValue: Equatable {
    static let byteCount = 6

    enum Name: UInt16 {
        case headerTableSize = 1, enablePush, maxConcurrentStreams, initialWindowSize, maxFrameSize
        case maxHeaderListSize
    }

    let number: UInt16
    let value: Int

    init(number: UInt16, value: Int) {
        self.number = number
        self.value = value
    }

    init(_ name: Name, _ value: Int) {
        self.init(number: name.rawValue, value: value)
    }

    /// `nil`: not known, and to be ignored.
    var name: Name? { Name(rawValue: number) }
}

struct HTTP2DataPart {
    let streamID: HTTP2StreamID
    /// Empty if its stream has read them itself.
    let bytes: ByteBuffer
    let byteCount: Int
    /// What counts against the windows: the bytes, and the padding.
    let windowByteCount: Int
    /// Nothing more comes on the stream.
    let isEnd: Bool
}

/// The payloads of a HEADERS frame and its CONTINUATIONs: compressed.
struct HTTP2HeaderBlock {
    let streamID: HTTP2StreamID
    var bytes: ByteBuffer
    let isEnd: Bool
    /// The stream is said to wait for itself, which is an error (RFC 7540, 5.3.1).
    let dependsOnItself: Bool
}
