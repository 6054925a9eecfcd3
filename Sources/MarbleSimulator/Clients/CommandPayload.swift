internal import NIOCore

/// A command names its proposal, so that every proposal differs from every other.
enum CommandPayload {
    static func make(token: UInt64, fillByteCount: Int) -> ByteBuffer {
        var payload = ByteBuffer(integer: token)
        payload.writeRepeatingByte(UInt8(truncatingIfNeeded: token), count: fillByteCount)
        return payload
    }

    /// 0 for bytes that aren't a command's.
    static func token(of payload: ByteBuffer) -> UInt64 {
        payload.getInteger(at: payload.readerIndex) ?? 0
    }
}
