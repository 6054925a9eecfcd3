import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import MarbleFlight

/// What a client does wrong, and what ends of it: its stream, or its connection (RFC 9113, 5.4).
struct HTTP2ErrorsTests {
    typealias Kind = HTTP2FrameHeader.Kind

    struct Mistake: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: HTTP2ErrorCode
        let make: @Sendable (HTTP2Wire) -> Void

        init(
            _ description: String, _ code: HTTP2ErrorCode,
            _ make: @escaping @Sendable (HTTP2Wire) -> Void
        ) {
            testDescription = description
            self.code = code
            self.make = make
        }
    }

    private static let ofConnections = [
        Mistake("DATA without a stream", .protocolError) { $0.send(.data, on: 0, [1]) },
        Mistake("DATA on an idle stream", .protocolError) { $0.send(.data, on: 1, [1]) },
        Mistake("a reset of an idle stream", .protocolError) {
            $0.send(.reset, on: 1, [0, 0, 0, 8])
        },
        Mistake("a window of an idle stream", .protocolError) {
            $0.send(.windowUpdate, on: 1, [0, 0, 0, 8])
        },
        Mistake("a server's stream number", .protocolError) { $0.headers(2) },
        Mistake("a stream number that goes back", .protocolError) {
            $0.headers(5, isEnd: true)
            $0.headers(3)
        },
        Mistake("headers behind a reset", .streamClosed) {
            $0.headers(1)
            $0.send(.reset, on: 1, [0, 0, 0, 8])
            $0.headers(1)
        },
        Mistake("a promise", .protocolError) {
            $0.send(.pushPromise, flags: .endHeaders, on: 1, [0, 0, 0, 2])
        },
        Mistake("a CONTINUATION of nothing", .protocolError) { $0.send(.continuation, on: 1) },
        Mistake("a frame amid headers", .protocolError) {
            $0.send(.headers, on: 1, [])
            $0.send(.ping, [0, 0, 0, 0, 0, 0, 0, 0])
        },
        Mistake("too many CONTINUATIONs", .enhanceYourCalm) { peer in
            peer.send(.headers, on: 1, [])
            for _ in 0..<6 { peer.send(.continuation, on: 1) }
        },
        Mistake("headers that can't be decompressed", .compressionError) {
            $0.send(.headers, flags: .endHeaders, on: 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
        },
        Mistake("padding beyond the frame", .protocolError) {
            $0.headers(1)
            $0.send(.data, flags: .padded, on: 1, [2, 0])
        },
        Mistake("padding beyond the headers", .protocolError) {
            $0.send(.headers, flags: [.padded, .endHeaders], on: 1, [200])
        },
        Mistake("a padded frame without a length", .frameSizeError) {
            $0.headers(1)
            $0.send(.data, flags: .padded, on: 1, [])
        },
        Mistake("headers shorter than their priority", .frameSizeError) {
            $0.send(.headers, flags: [.priority, .endHeaders], on: 1, [0, 0])
        },
        Mistake("a short ping", .frameSizeError) { $0.send(.ping, [1]) },
        Mistake("a ping on a stream", .protocolError) {
            $0.send(.ping, on: 1, [0, 0, 0, 0, 0, 0, 0, 0])
        },
        Mistake("settings of seven bytes", .frameSizeError) {
            $0.send(.settings, [0, 0, 0, 0, 0, 0, 0])
        },
        Mistake("an acknowledgement that says something", .frameSizeError) {
            $0.send(.settings, flags: .acknowledgement, [0, 0, 0, 0, 0, 0])
        },
        Mistake("a frame size below the least", .protocolError) {
            $0.send(.settings, [0, 5, 0, 0, 0, 1])
        },
        Mistake("a window above the most", .flowControlError) {
            $0.send(.settings, [0, 4, 0x80, 0, 0, 0])
        },
        Mistake("a push that is neither yes nor no", .protocolError) {
            $0.send(.settings, [0, 2, 0, 0, 0, 2])
        },
        Mistake("a connection's window opened by nothing", .protocolError) {
            $0.send(.windowUpdate, [0, 0, 0, 0])
        },
        Mistake("a connection's window above the most", .flowControlError) {
            $0.send(.windowUpdate, [0x7F, 0xFF, 0xFF, 0xFF])
        },
        Mistake("a stream's window that settings bring above the most", .flowControlError) {
            $0.headers(1)
            $0.send(.windowUpdate, on: 1, [0x7F, 0xFF, 0, 0])
            $0.send(.settings, [0, 4, 0x7F, 0xFF, 0xFF, 0xFF])
        },
        Mistake("empty frames without end", .enhanceYourCalm) { peer in
            peer.headers(1)
            for _ in 0...100 { peer.send(.data, on: 1) }
        },
        Mistake("a short goodbye", .frameSizeError) { $0.send(.goAway, [0, 0, 0, 0]) },
    ]

    @Test(arguments: ofConnections)
    func `a mistake that ends the connection`(mistake: Mistake) throws {
        let server = try HTTP2Side.server()
        mistake.make(try HTTP2Wire(server))
        #expect(server.frames().goAway == mistake.code)
        #expect(throws: HTTP2ConnectionError.self) { try server.channel.throwIfErrorCaught() }
        try server.end()
        #expect(server.opened.allSatisfy { $0.isEnded })
    }

    private static let ofStreams = [
        Mistake("a priority of four bytes", .frameSizeError) {
            $0.headers(1)
            $0.send(.priority, on: 1, [0, 0, 0, 0])
        },
        Mistake("a priority of four bytes behind the end", .frameSizeError) {
            $0.headers(1)
            $0.send(.reset, on: 1, [0, 0, 0, 8])
            $0.send(.priority, on: 1, [0, 0, 0, 0])
        },
        Mistake("a stream that depends on itself", .protocolError) {
            $0.headers(1)
            $0.send(.priority, on: 1, [0, 0, 0, 1, 0])
        },
        Mistake("headers that depend on themselves", .protocolError) {
            let block = $0.block(HTTP2Record.request)
            $0.send(.headers, flags: [.priority, .endHeaders], on: 1, [0, 0, 0, 1, 0] + block)
        },
        Mistake("data behind the end", .streamClosed) {
            $0.headers(1, isEnd: true)
            $0.send(.data, on: 1, [1])
        },
        Mistake("headers behind the end", .streamClosed) {
            $0.headers(1, isEnd: true)
            $0.headers(1, isEnd: true)
        },
        Mistake("data behind a reset", .streamClosed) {
            $0.headers(1)
            $0.send(.reset, on: 1, [0, 0, 0, 8])
            $0.send(.data, on: 1, [1])
        },
        Mistake("a window opened by nothing", .protocolError) {
            $0.headers(1)
            $0.send(.windowUpdate, on: 1, [0, 0, 0, 0])
        },
        Mistake("a window above the most", .flowControlError) {
            $0.headers(1)
            $0.send(.windowUpdate, on: 1, [0x7F, 0xFF, 0xFF, 0xFF])
        },
        Mistake("a request without a path", .protocolError) {
            $0.headers(1, [":method": "GET", ":scheme": "http"])
        },
        Mistake("trailers that aren't the last", .protocolError) {
            $0.headers(1)
            $0.headers(1, ["a": "b"])
        },
        Mistake("more data than said", .protocolError) {
            $0.headers(1, HTTP2Record.request.with("content-length", "1"))
            $0.send(.data, on: 1, [1, 2])
        },
        Mistake("less data than said", .protocolError) {
            $0.headers(1, HTTP2Record.request.with("content-length", "2"))
            $0.send(.data, flags: .endStream, on: 1, [1])
        },
        Mistake("no data, though some was said", .protocolError) {
            $0.headers(1, HTTP2Record.request.with("content-length", "2"), isEnd: true)
        },
        Mistake("two lengths", .protocolError) {
            let headers = HTTP2Record.request.with("content-length", "2")
            $0.headers(1, headers.with("content-length", "3"))
        },
        Mistake("a length that is none", .protocolError) {
            $0.headers(1, HTTP2Record.request.with("content-length", "+2"))
        },
    ]

    @Test(arguments: ofStreams)
    func `a mistake that ends its stream`(mistake: Mistake) throws {
        let server = try HTTP2Side.server()
        let peer = try HTTP2Wire(server)
        mistake.make(peer)
        #expect(server.frames().reset(of: 1) == mistake.code)
        #expect(server.opened.allSatisfy { $0.isEnded })
        let count = server.opened.count
        peer.headers(3, isEnd: true)
        #expect(server.opened.count == count + 1, "the connection goes on")
        try server.end()
    }

    @Test func `data beyond the stream's window ends the stream, and beyond the connection's that`()
        throws
    {
        let server = try HTTP2Side.server { $0.windowByteCount = 65_535 }
        let peer = try HTTP2Wire(server)
        peer.send(.settings, flags: .acknowledgement)
        peer.headers(1)
        server.opened[0].stream.setReading(false)
        for _ in 0..<4 { peer.send(.data, on: 1, Array(repeating: 0, count: 16_384)) }
        #expect(server.frames().reset(of: 1) == .flowControlError)
        var flood = ByteBuffer()
        HTTP2FrameHeader(.data, on: 1, byteCount: 100_000).write(to: &flood)
        flood.writeRepeatingByte(0, count: 100_000)
        server.read(flood)
        #expect(server.frames().goAway == .flowControlError)
        #expect(throws: HTTP2ConnectionError.self) { try server.channel.throwIfErrorCaught() }
        try server.end()
    }

    @Test func `what was under way when this side has reset a stream is ignored`() throws {
        let server = try HTTP2Side.server()
        let peer = try HTTP2Wire(server)
        peer.headers(1)
        server.opened[0].stream.close()
        #expect(server.frames().reset(of: 1) == .cancel)
        peer.send(.data, on: 1, [1])
        peer.send(.windowUpdate, on: 1, [0, 0, 0, 1])
        peer.headers(1, ["a": "b"], isEnd: true)
        peer.send(.reset, on: 1, [0, 0, 0, 8])
        #expect(server.frames().isEmpty)
        // The headers that were ignored count in HPACK's table.
        peer.headers(3, HTTP2Record.request.with("a", "b"))
        #expect(server.opened[1].headers.first?.first(name: "a") == "b")
        try server.end()
    }

    @Test func `what isn't known is skipped`() throws {
        let server = try HTTP2Side.server()
        let peer = try HTTP2Wire(server)
        var bytes = ByteBuffer()
        bytes.writeFrame(type: 0xF0, flags: 0xFF, stream: 7, payload: ByteBuffer(string: "what?"))
        server.read(bytes)
        peer.send(.settings, [0xF0, 0, 0, 0, 0, 1])
        peer.send(.priority, on: 9, [0, 0, 0, 1, 0])
        peer.send(.ping, [1, 2, 3, 4, 5, 6, 7, 8])
        let frames = server.frames()
        #expect(frames.map(\.type) == [4, 6])
        #expect(frames.last?.payload == ByteBuffer(bytes: [1, 2, 3, 4, 5, 6, 7, 8]))
        try server.end()
    }
}

extension HPACKHeaders {
    fileprivate func with(_ name: String, _ value: String) -> HPACKHeaders {
        var headers = self
        headers.add(name: name, value: value)
        return headers
    }
}
