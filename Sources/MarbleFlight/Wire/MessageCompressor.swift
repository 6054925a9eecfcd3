import CMarbleZlib
import NIOCore

/// Compresses the messages of one stream, each by itself.
final class MessageCompressor {
    private let state: UnsafeMutablePointer<z_stream>

    /// - Returns: `nil` for ``FlightCompression/identity``, and when there is no memory for it: a peer can
    ///   read messages that aren't compressed too.
    init?(_ compression: FlightCompression) {
        guard let windowBits = compression.windowBits else { return nil }
        state = .allocate(capacity: 1)
        state.initialize(to: z_stream())
        let result = deflateInit2_(
            state, Z_BEST_SPEED, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            CInt(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            state.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(state)
        state.deallocate()
    }

    /// - Returns: `nil` when the message wouldn't become smaller.
    func compress(_ message: ByteBuffer) -> ByteBuffer? {
        guard message.readableBytes > 1, message.readableBytes <= Int(UInt32.max),
            deflateReset(state) == Z_OK
        else { return nil }
        // With room for one byte less than it has, what doesn't become smaller doesn't fit.
        let room = message.readableBytes - 1
        var compressed = ByteBuffer()
        var isComplete = false
        message.withUnsafeReadableBytes { input in
            _ = compressed.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { output in
                // zlib doesn't write through `next_in`, whose type dates from before `const`.
                state.pointee.next_in = UnsafeMutablePointer(
                    mutating: input.bindMemory(to: UInt8.self).baseAddress)
                state.pointee.avail_in = UInt32(input.count)
                state.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
                state.pointee.avail_out = UInt32(room)
                isComplete = deflate(state, Z_FINISH) == Z_STREAM_END
                return room - Int(state.pointee.avail_out)
            }
        }
        return isComplete ? compressed : nil
    }
}

extension FlightCompression {
    /// zlib's parameter that says the format, with the largest window; `nil` for none.
    var windowBits: CInt? {
        switch self {
        case .identity: nil
        case .deflate: 15
        case .gzip: 15 + 16
        }
    }
}
