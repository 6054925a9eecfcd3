import CMarbleZlib
import NIOCore

/// Decompresses the messages of one stream, each by itself, and never further than a limit.
final class MessageDecompressor {
    /// What is reserved at first, as a multiple of the compressed bytes, and at least.
    private static let firstGuess = (factor: 4, byteCountMin: 1024)

    private let compression: FlightCompression
    private let state: UnsafeMutablePointer<z_stream>

    /// - Parameter compression: Not ``FlightCompression/identity``.
    /// - Throws: `RESOURCE_EXHAUSTED` without memory.
    init(_ compression: FlightCompression) throws(FlightError) {
        guard let windowBits = compression.windowBits else {
            preconditionFailure("messages without compression have nothing to decompress")
        }
        self.compression = compression
        state = .allocate(capacity: 1)
        state.initialize(to: z_stream())
        let result = inflateInit2_(
            state, windowBits, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            state.deallocate()
            throw FlightError(.resourceExhausted, "there is no memory to decompress messages")
        }
    }

    deinit {
        inflateEnd(state)
        state.deallocate()
    }

    /// - Parameter byteCountMax: The longest message that is taken; it is never reserved at once.
    func decompress(
        _ message: ByteBuffer, byteCountMax: Int
    ) throws(FlightError) -> ByteBuffer {
        guard inflateReset(state) == Z_OK else { throw malformed("the decompressor failed") }
        let byteCountMax = min(byteCountMax, Int(UInt32.max) - 1)
        var input = message
        var output = ByteBuffer()
        var room = max(
            Self.firstGuess.byteCountMin,
            min(message.readableBytes, byteCountMax / Self.firstGuess.factor)
                * Self.firstGuess.factor)
        while true {
            // One byte over the limit tells a message that has exactly as many from a longer one.
            room = min(room, byteCountMax + 1 - output.readableBytes)
            let result = step(&input, &output, room: room)
            guard output.readableBytes <= byteCountMax else {
                throw FlightError(
                    .resourceExhausted,
                    "a compressed message has more than the limit of \(byteCountMax) bytes; send "
                        + "smaller record batches or raise the limit on the receiving side")
            }
            switch result {
            case Z_STREAM_END:
                guard input.readableBytes == 0 else {
                    throw malformed("\(input.readableBytes) bytes follow its end")
                }
                return output
            case Z_OK where state.pointee.avail_out == 0:
                room = max(output.readableBytes, Self.firstGuess.byteCountMin)
            case Z_OK, Z_BUF_ERROR:
                throw malformed("it ends too early")
            default:
                throw malformed(state.pointee.msg.map { String(cString: $0) } ?? "code \(result)")
            }
        }
    }

    private func step(
        _ input: inout ByteBuffer, _ output: inout ByteBuffer, room: Int
    ) -> CInt {
        var result = Z_OK
        input.readWithUnsafeReadableBytes { source in
            let available = min(source.count, Int(UInt32.max))
            _ = output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
                // zlib doesn't write through `next_in`, whose type dates from before `const`.
                state.pointee.next_in = UnsafeMutablePointer(
                    mutating: source.bindMemory(to: UInt8.self).baseAddress)
                state.pointee.avail_in = UInt32(available)
                state.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
                state.pointee.avail_out = UInt32(room)
                result = inflate(state, Z_NO_FLUSH)
                return room - Int(state.pointee.avail_out)
            }
            return available - Int(state.pointee.avail_in)
        }
        return result
    }

    private func malformed(_ reason: String) -> FlightError {
        FlightError(
            .internal, "a message can't be decompressed as \(compression.rawValue): \(reason)")
    }
}
