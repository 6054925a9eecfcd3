import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import MarbleFlight

/// What a peer can have a connection hold is bounded.
struct HTTP2MemoryTests {
    @Test func `a peer that asks and doesn't read is left`() throws {
        let server = try HTTP2Side.server()
        let peer = try HTTP2Wire(server)
        server.channel.isWritable = false
        server.channel.pipeline.fireChannelWritabilityChanged()
        let answer: HPACKHeaders = [
            ":status": "200", "x": String(repeating: "ü%", count: 10_000),
        ]
        var answered = 0
        while !server.connection.hasFailed, answered < 1000 {
            peer.headers(.init(2 * answered + 1), isEnd: true)
            server.opened.last?.stream.sendHeaders(answer, endStream: true, promise: nil)
            server.connection.flush()
            answered += 1
        }
        #expect((10...200).contains(answered))
        #expect(server.frames().goAway == .enhanceYourCalm)
        #expect(throws: HTTP2ConnectionError.self) { try server.end() }
    }

    @Test func `a peer that reads late is answered`() throws {
        let server = try HTTP2Side.server()
        let peer = try HTTP2Wire(server)
        for round in 0..<50 {
            server.channel.isWritable = false
            server.channel.pipeline.fireChannelWritabilityChanged()
            peer.headers(.init(2 * round + 1), isEnd: true)
            server.opened.last?.stream.sendHeaders(
                [":status": "200", "x": String(repeating: "x", count: 50_000)], endStream: true,
                promise: nil)
            server.connection.flush()
            server.channel.isWritable = true
            server.channel.pipeline.fireChannelWritabilityChanged()
        }
        #expect(!server.connection.hasFailed)
        try server.end()
    }

    @Test func `many small answers at once aren't held against who reads them`() throws {
        let server = try HTTP2Side.server { $0.concurrentStreamsMax = 2000 }
        let peer = try HTTP2Wire(server)
        // Windows for all of it.
        peer.send(.settings, [0, 4, 0x7F, 0xFF, 0xFF, 0xFF])
        peer.send(.windowUpdate, [0x7F, 0, 0, 0])
        for number in 0..<1000 { peer.headers(.init(2 * number + 1), isEnd: true) }
        for record in server.opened {
            record.stream.sendHeaders([":status": "200"], endStream: false, promise: nil)
            record.stream.sendData(
                ByteBuffer(repeating: 1, count: 4000), endStream: true, promise: nil)
        }
        try server.channel.pipeline.syncOperations.addHandler(Congestion(), position: .first)
        server.connection.flush()
        #expect(!server.connection.isWritable)
        #expect(!server.connection.hasFailed)
        #expect(server.frames().filter { $0.type == 0 }.count == 1000)
        try server.end()
    }

    /// Has the channel say amid a write that it takes no more.
    private final class Congestion: ChannelOutboundHandler {
        typealias OutboundIn = IOData

        func write(
            context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
        ) {
            context.write(data, promise: promise)
            guard let channel = context.channel as? EmbeddedChannel, channel.isWritable else {
                return
            }
            channel.isWritable = false
            channel.pipeline.fireChannelWritabilityChanged()
        }
    }

    @Test func `data that waits for its reader doesn't hold what it came in`() throws {
        let server = try HTTP2Side.server()
        let peer = try HTTP2Wire(server)
        peer.headers(1)
        server.opened[0].stream.setReading(false)
        let count = 100
        for number in 0..<count {
            // One byte, and a frame of a kind that isn't known in the same read.
            var bytes = ByteBuffer.data(1, ByteBuffer(bytes: [UInt8(number)]))
            bytes.writeFrame(
                type: 0xFA, flags: 0, stream: 1, payload: ByteBuffer(repeating: 0, count: 16_000))
            server.read(bytes)
        }
        #expect(server.opened[0].bytes.readableBytes == 0)
        server.opened[0].stream.setReading(true)
        #expect(server.opened[0].bytes == ByteBuffer(bytes: (0..<count).map { UInt8($0) }))
        #expect(server.opened[0].chunkCapacities.reduce(0, +) < 10_000)
        try server.end()
    }

    @Test func `a stream that has ended doesn't wait for the connection's window`() throws {
        let server = try HTTP2Side.server()
        let peer = try HTTP2Wire(server)
        peer.headers(1)
        server.opened[0].stream.sendHeaders([":status": "200"], endStream: false, promise: nil)
        server.opened[0].stream.sendData(
            ByteBuffer(repeating: 1, count: 70_000), endStream: false, promise: nil)
        for id in [3, 5, 7] as [HTTP2StreamID] {
            peer.headers(id)
            let stream = try #require(server.opened.last?.stream)
            stream.sendHeaders([":status": "200"], endStream: false, promise: nil)
            stream.sendData(ByteBuffer(repeating: 1, count: 10), endStream: true, promise: nil)
        }
        #expect(server.connection.waiting.count == 3)
        peer.send(.reset, on: 3, [0, 0, 0, 8])
        server.opened[2].stream.close()
        #expect(server.connection.waiting.count == 1)
        peer.send(.windowUpdate, [0, 1, 0, 0])
        #expect(server.frames().contains { $0.type == 0 && $0.stream == 7 && $0.flags == 1 })
        try server.end()
    }

    @Test func `a server that has said all ends a client's stream`() throws {
        let client = try HTTP2Side.client()
        let server = try HTTP2Side.server()
        client.exchange(with: server)
        let record = client.open()
        record.stream.sendHeaders(HTTP2Record.request, endStream: false, promise: nil)
        record.stream.sendData(ByteBuffer(repeating: 1, count: 100), endStream: false, promise: nil)
        client.exchange(with: server)
        server.opened[0].stream.sendHeaders([":status": "200"], endStream: true, promise: nil)
        client.exchange(with: server)
        #expect(record.isInputEnded)
        #expect(record.isEnded)
        #expect(server.opened[0].isEnded)
        #expect(server.opened[0].resetCode == .noError)
        try client.end()
        try server.end()
    }
}
