import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import MarbleFlight

struct HTTP2StreamsTests {
    @Test func `a long turn answers while it reads`() throws {
        let (client, server) = try connected()
        for _ in 0..<1000 { ask(client) }
        client.streams.flush()
        server.channel.pipeline.fireChannelRead(client.written())
        #expect(server.written().readableBytes > 0, "nothing is written before the read's end")
        server.channel.pipeline.fireChannelReadComplete()
        try server.end()
        try client.end()
    }

    @Test func `a short turn is answered at its end`() throws {
        let (client, server) = try connected()
        ask(client)
        client.streams.flush()
        server.channel.pipeline.fireChannelRead(client.written())
        server.channel.pipeline.fireChannelReadComplete()
        #expect(server.written().readableBytes > 0)
        try server.end()
        try client.end()
    }

    /// Both ends know each other's settings.
    private func connected() throws -> (client: Side, server: Side) {
        var configuration = FlightServerConfiguration(port: 0)
        configuration.concurrentStreamsMax = 1000
        let client = try Side(.client, FlightClientConfiguration(host: "h", port: 1).http2)
        let server = try Side(.server, configuration.http2, opener: Answers())
        server.read(client.written())
        client.read(server.written())
        server.read(client.written())
        return (client, server)
    }

    private func ask(_ client: Side) {
        let headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "http", ":path": "/x", ":authority": "h",
        ]
        client.streams.open()
            .write(.headers(.init(headers: headers, endStream: true)), promise: nil)
    }
}

/// One end of a connection without a socket.
private struct Side {
    let channel = EmbeddedChannel()
    let streams: HTTP2Streams

    init(
        _ mode: NIOHTTP2Handler.ParserMode, _ configuration: HTTP2Configuration,
        opener: (any HTTP2StreamOpener)? = nil
    ) throws {
        streams = try HTTP2Streams.add(
            to: channel, mode, configuration, connection: FlightConnectionHandler(), opener: opener)
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/test")).wait()
    }

    func read(_ bytes: ByteBuffer) {
        channel.pipeline.fireChannelRead(bytes)
        channel.pipeline.fireChannelReadComplete()
        channel.embeddedEventLoop.run()
    }

    /// What has left since the last call.
    func written() -> ByteBuffer {
        var all = ByteBuffer()
        while case .byteBuffer(let bytes)? = try? channel.readOutbound(as: IOData.self) {
            all.writeImmutableBuffer(bytes)
        }
        return all
    }

    func end() throws {
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}

/// Answers each request.
private struct Answers: HTTP2StreamOpener {
    private final class User: HTTP2StreamUser {
        let stream: HTTP2Stream

        init(_ stream: HTTP2Stream) {
            self.stream = stream
        }

        func frameReceived(_ payload: HTTP2Frame.FramePayload) {}

        func readCompleted() {
            let answer = HTTP2Frame.FramePayload.Headers(
                headers: [":status": "200"], endStream: true)
            stream.write(.headers(answer), promise: nil)
            stream.flush()
        }

        func connectionWritabilityChanged(_ isWritable: Bool) {}

        func streamFailed(_ error: any Error) {}

        func streamEnded() {}
    }

    func streamOpened(_ stream: HTTP2Stream, _ headers: HTTP2Frame.FramePayload.Headers) {
        stream.attach(User(stream))
    }
}
