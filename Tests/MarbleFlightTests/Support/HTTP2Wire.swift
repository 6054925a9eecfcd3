import NIOCore
import NIOHPACK
import NIOHTTP2

@testable import MarbleFlight

/// A client that writes whatever frames a test makes up to a server without a socket.
final class HTTP2Wire {
    private let server: HTTP2Side
    private var encoder = HPACKEncoder(allocator: ByteBufferAllocator())

    /// Begins the connection; what the server says to that is dropped.
    init(_ server: HTTP2Side) throws {
        self.server = server
        var bytes = ByteBuffer(string: RawPeer.preface)
        bytes.writeFrame([])
        server.read(bytes)
        _ = server.written()
    }

    func send(_ kind: HTTP2FrameHeader.Kind, on stream: HTTP2StreamID = 0, _ payload: [UInt8] = [])
    {
        send(kind, flags: [], on: stream, payload)
    }

    func send(
        _ kind: HTTP2FrameHeader.Kind, flags: HTTP2FrameHeader.Flags,
        on stream: HTTP2StreamID = 0, _ payload: [UInt8] = []
    ) {
        var bytes = ByteBuffer()
        HTTP2FrameHeader(kind, flags, on: stream, byteCount: payload.count).write(to: &bytes)
        bytes.writeBytes(payload)
        server.read(bytes)
    }

    func headers(
        _ stream: HTTP2StreamID, _ headers: HPACKHeaders = HTTP2Record.request, isEnd: Bool = false
    ) {
        send(
            .headers, flags: isEnd ? [.endHeaders, .endStream] : .endHeaders, on: stream,
            block(headers))
    }

    func block(_ headers: HPACKHeaders) -> [UInt8] {
        var block = ByteBuffer()
        do {
            try encoder.encode(headers: headers, to: &block)
        } catch {
            fatalError("a test's headers can't be encoded: \(error)")
        }
        return Array(buffer: block)
    }
}

extension [RawPeer.Frame] {
    func reset(of stream: UInt32) -> HTTP2ErrorCode? {
        first { $0.type == 3 && $0.stream == stream }
            .flatMap { $0.payload.getInteger(at: $0.payload.readerIndex, as: UInt32.self) }
            .map { HTTP2ErrorCode(networkCode: Int($0)) }
    }

    /// The code of the first GOAWAY.
    var goAway: HTTP2ErrorCode? {
        first { $0.type == 7 }
            .flatMap { $0.payload.getInteger(at: $0.payload.readerIndex + 4, as: UInt32.self) }
            .map { HTTP2ErrorCode(networkCode: Int($0)) }
    }
}
