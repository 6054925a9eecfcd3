import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import MarbleFlight

struct HTTP2ConnectionTests {
    @Test func `a long turn answers while it reads`() throws {
        let (client, server) = try connected()
        for _ in 0..<1000 { ask(client) }
        client.connection.flush()
        server.channel.pipeline.fireChannelRead(client.written())
        #expect(server.written().readableBytes > 0, "nothing is written before the read's end")
        server.channel.pipeline.fireChannelReadComplete()
        try server.end()
        try client.end()
    }

    @Test func `a short turn is answered at its end`() throws {
        let (client, server) = try connected()
        ask(client)
        client.connection.flush()
        server.channel.pipeline.fireChannelRead(client.written())
        server.channel.pipeline.fireChannelReadComplete()
        #expect(server.written().readableBytes > 0)
        try server.end()
        try client.end()
    }

    @Test func `a client's streams wait until the server takes further ones`() throws {
        let client = try HTTP2Side.client()
        let server = try HTTP2Side.server { $0.concurrentStreamsMax = 2 }
        client.exchange(with: server)
        let records = (0..<5).map { _ in client.open() }
        for record in records {
            record.stream.sendHeaders(HTTP2Record.request, endStream: false, promise: nil)
            record.stream.sendData(ByteBuffer(string: "x"), endStream: true, promise: nil)
        }
        client.exchange(with: server)
        for count in [2, 3, 4, 5] {
            #expect(server.opened.count == count)
            #expect(server.opened.allSatisfy { $0.bytes == ByteBuffer(string: "x") })
            server.opened[count - 2].stream
                .sendHeaders([":status": "200"], endStream: true, promise: nil)
            client.exchange(with: server)
            #expect(records[count - 2].isEnded)
        }
        #expect(records.allSatisfy { $0.failures.isEmpty })
        try client.end()
        try server.end()
    }

    @Test func `a stream that is given up while it waits isn't begun`() throws {
        let client = try HTTP2Side.client()
        let server = try HTTP2Side.server { $0.concurrentStreamsMax = 1 }
        client.exchange(with: server)
        let records = (0..<3).map { _ in client.open() }
        for record in records {
            record.stream.sendHeaders(HTTP2Record.request, endStream: true, promise: nil)
        }
        records[1].stream.close()
        #expect(records[1].isEnded)
        client.exchange(with: server)
        server.opened[0].stream.sendHeaders([":status": "200"], endStream: true, promise: nil)
        client.exchange(with: server)
        #expect(server.opened.count == 2)
        #expect(!records[2].isEnded)
        server.opened[1].stream.sendHeaders([":status": "200"], endStream: true, promise: nil)
        client.exchange(with: server)
        #expect(records[2].isEnded)
        try client.end()
        try server.end()
    }

    @Test func `a server takes no more streams than it says`() throws {
        let server = try HTTP2Side.server { $0.concurrentStreamsMax = 1 }
        let peer = try HTTP2Wire(server)
        peer.headers(1)
        peer.headers(3)
        #expect(server.frames().reset(of: 3) == .refusedStream)
        peer.send(.reset, on: 1, [0, 0, 0, 8])
        peer.headers(5)
        #expect(server.opened.count == 2)
        try server.end()
    }

    @Test func `streams that the server won't begin with are refused, others go on`() throws {
        let client = try HTTP2Side.client()
        let server = try HTTP2Side.server { $0.concurrentStreamsMax = 2 }
        client.exchange(with: server)
        let records = (0..<3).map { _ in client.open() }
        for record in records {
            record.stream.sendHeaders(HTTP2Record.request, endStream: true, promise: nil)
        }
        client.connection.flush()
        var goAway = ByteBuffer()
        goAway.writeGoAway(lastStreamID: 1, .noError, nil)
        client.read(goAway)
        #expect(!records[0].isEnded)
        #expect(records[1].resetCode == .refusedStream)
        #expect(records[2].resetCode == .refusedStream, "it waited for the server's room")
        try client.end()
        try server.end()
    }

    @Test func `headers longer than a frame go out in several`() throws {
        let client = try HTTP2Side.client()
        let server = try HTTP2Side.server { $0.frameByteCountMax = 16_384 }
        client.exchange(with: server)
        var headers = HTTP2Record.request
        for number in 0..<50 {
            headers.add(name: "n\(number)", value: String(repeating: "\(number)", count: 500))
        }
        client.open().stream.sendHeaders(headers, endStream: true, promise: nil)
        client.connection.flush()
        let bytes = client.written()
        #expect(RawPeer.frames(in: bytes).map(\.type) == [1, 9])
        server.read(bytes)
        #expect(server.opened.first?.headers.first == headers)
        try client.end()
        try server.end()
    }

    @Test func `headers that HTTP/2 doesn't allow fail their stream alone`() throws {
        let client = try HTTP2Side.client()
        let server = try HTTP2Side.server()
        client.exchange(with: server)
        var headers = HTTP2Record.request
        headers.add(name: "a", value: "two\r\nlines")
        let bad = client.open()
        bad.stream.sendHeaders(headers, endStream: true, promise: nil)
        #expect(bad.isEnded)
        #expect(bad.failures.first is HTTP2StreamError)
        client.open().stream.sendHeaders(HTTP2Record.request, endStream: true, promise: nil)
        client.exchange(with: server)
        #expect(server.opened.count == 1)
        try client.end()
        try server.end()
    }

    /// Both ends know each other's settings.
    private func connected() throws -> (client: HTTP2Side, server: HTTP2Side) {
        let client = try HTTP2Side.client()
        let server = try HTTP2Side.server(opener: Answers()) { $0.concurrentStreamsMax = 1000 }
        client.exchange(with: server)
        return (client, server)
    }

    private func ask(_ client: HTTP2Side) {
        client.connection.open().sendHeaders(HTTP2Record.request, endStream: true, promise: nil)
    }
}

/// Answers each request.
private struct Answers: HTTP2StreamOpener {
    private final class User: HTTP2StreamUser {
        let stream: HTTP2Stream

        init(_ stream: HTTP2Stream) {
            self.stream = stream
        }

        func headersReceived(_ headers: HPACKHeaders, endStream: Bool) {}

        func dataReceived(_ chunk: ByteBuffer, endStream: Bool) {}

        func readCompleted() {
            stream.sendHeaders([":status": "200"], endStream: true, promise: nil)
            stream.flush()
        }

        func connectionWritabilityChanged(_ isWritable: Bool) {}

        func streamFailed(_ error: any Error) {}

        func streamEnded() {}
    }

    func streamOpened(_ stream: HTTP2Stream, _ headers: HPACKHeaders, endStream: Bool) {
        stream.attach(User(stream))
    }
}
