import NIOCore
import NIOHTTP2

/// The nine bytes ahead of each frame (RFC 9113, 4.1).
struct HTTP2FrameHeader {
    static let byteCount = 9

    enum Kind: UInt8 {
        case data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate
        case continuation
    }

    struct Flags: OptionSet {
        let rawValue: UInt8
        /// Of DATA and HEADERS: the sender has nothing more to say on the stream.
        static let endStream = Self(rawValue: 0x1)
        /// Of SETTINGS and PING.
        static let acknowledgement = Self(rawValue: 0x1)
        static let endHeaders = Self(rawValue: 0x4)
        static let padded = Self(rawValue: 0x8)
        static let priority = Self(rawValue: 0x20)
    }

    /// Of the payload.
    let byteCount: Int
    /// `nil`: not known, and to be skipped.
    let kind: Kind?
    let flags: Flags
    let streamID: HTTP2StreamID

    init(_ kind: Kind, _ flags: Flags = [], on streamID: HTTP2StreamID, byteCount: Int) {
        self.byteCount = byteCount
        self.kind = kind
        self.flags = flags
        self.streamID = streamID
    }

    /// - Returns: `nil` if not all of it is there.
    init?(readingFrom bytes: inout ByteBuffer) {
        guard bytes.readableBytes >= Self.byteCount,
            let head = bytes.readInteger(as: UInt64.self),
            let tail = bytes.readInteger(as: UInt8.self)
        else { return nil }
        byteCount = Int(head >> 40)
        kind = Kind(rawValue: UInt8(truncatingIfNeeded: head >> 32))
        flags = Flags(rawValue: UInt8(truncatingIfNeeded: head >> 24))
        let id = UInt32(truncatingIfNeeded: head) << 8 | UInt32(tail)
        streamID = HTTP2StreamID(Int(id & 0x7FFF_FFFF))
    }

    func write(to bytes: inout ByteBuffer) {
        let (head, tail) = integers
        bytes.writeMultipleIntegers(head, tail)
    }

    /// Writes into room that was left.
    func set(in bytes: inout ByteBuffer, at index: Int) {
        let (head, tail) = integers
        bytes.setInteger(head, at: index)
        bytes.setInteger(tail, at: index + 8)
    }

    private var integers: (UInt64, UInt8) {
        let id = UInt32(truncatingIfNeeded: Int(streamID))
        let head =
            UInt64(truncatingIfNeeded: byteCount) << 40 | UInt64(kind?.rawValue ?? 0) << 32
            | UInt64(flags.rawValue) << 24 | UInt64(id >> 8)
        return (head, UInt8(truncatingIfNeeded: id))
    }
}
