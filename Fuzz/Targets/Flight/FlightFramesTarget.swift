import NIOCore

@testable import MarbleFlight

/// HTTP/2 frames of any kind to a server that has got the preface.
///
/// Each frame of the input is its type, its flags, its stream, its payload's length in two bytes,
/// and the payload; so the fuzzer needn't find out how lengths are written. Types from 0x80 on are
/// whole requests: the headers of the method that their number stands for, then those of the payload.
/// If the first frame would be of type 0xFF, that byte says that the server asks who calls.
enum FlightFramesTarget {
    private static let paths =
        FlightMethod.allCases.map(\.path) + BuiltInMethod.allCases.map { "/\($0.rawValue)" }

    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        var input = FuzzInput(bytes)
        let authenticates = input.rest.first == 0xFF
        if authenticates { _ = input.byte() }
        let server = EmbeddedServer(authenticates: authenticates)
        server.receive(ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
        while !input.isEmpty, server.isOpen {
            server.receive(frame(&input))
        }
        let isOpen = server.isOpen
        server.end()
        return isOpen ? .accepted : .refused
    }

    private static func frame(_ input: inout FuzzInput) -> ByteBuffer {
        let type = input.byte()
        let flags = input.byte()
        let stream = input.byte()
        let payload = input.take(Int(input.number(UInt16.self)))
        guard type >= 0x80 else {
            return frame(type, flags, stream, ByteBuffer(copying: payload))
        }
        var block = requestHeaders(paths[Int(type & 0x7F) % paths.count])
        block.writeBytes(payload)
        return frame(1, flags | 4, stream, block)
    }

    private static func frame(
        _ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: ByteBuffer
    ) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(UInt8(payload.readableBytes >> 16))
        frame.writeInteger(UInt16(truncatingIfNeeded: payload.readableBytes))
        frame.writeMultipleIntegers(type, flags, UInt32(stream))
        frame.writeImmutableBuffer(payload)
        return frame
    }

    /// Literal fields, never indexed, so that the block means the same on every stream.
    private static func requestHeaders(_ path: String) -> ByteBuffer {
        var block = ByteBuffer()
        for (name, value) in [
            (":method", "POST"), (":scheme", "http"), (":path", path),
            (":authority", "localhost"), ("te", "trailers"),
            ("content-type", "application/grpc"),
        ] {
            block.writeInteger(UInt8(0x10))
            for text in [name, value] {
                block.writeInteger(UInt8(text.utf8.count))
                block.writeString(text)
            }
        }
        return block
    }
}
