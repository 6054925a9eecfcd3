import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import MarbleFlight

/// Nothing is sent that the peer hasn't made room for (RFC 9113, 5.2).
struct HTTP2FlowControlTests {
    @Test(arguments: [1000, 65_535, 4 << 20])
    func `whatever the window, all arrives`(windowByteCount: Int) throws {
        let client = try HTTP2Side.client()
        let server = try HTTP2Side.server { $0.windowByteCount = windowByteCount }
        client.exchange(with: server)
        let sent = ByteBuffer(bytes: (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
        let record = client.open()
        var isWritten = false
        let written = client.channel.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess { isWritten = true }
        record.stream.sendHeaders(HTTP2Record.request, endStream: false, promise: nil)
        record.stream.sendData(sent, endStream: false, promise: written)
        record.stream.sendHeaders(["trailer": "1"], endStream: true, promise: nil)
        client.exchange(with: server)
        #expect(isWritten)
        let received = try #require(server.opened.first)
        #expect(received.bytes == sent)
        #expect(received.headers.last?.first(name: "trailer") == "1")
        #expect(received.isInputEnded)
        try client.end()
        try server.end()
    }

    @Test func `a reader that pauses stops its sender, and nobody else's`() throws {
        let client = try HTTP2Side.client()
        let server = try HTTP2Side.server { $0.windowByteCount = 100_000 }
        client.exchange(with: server)
        let records = [client.open(), client.open()]
        for record in records {
            record.stream.sendHeaders(HTTP2Record.request, endStream: false, promise: nil)
        }
        client.exchange(with: server)
        server.opened[0].stream.setReading(false)
        let bytes = ByteBuffer(repeating: 7, count: 500_000)
        for record in records { record.stream.sendData(bytes, endStream: true, promise: nil) }
        client.exchange(with: server)
        #expect(server.opened[0].bytes.readableBytes == 0)
        #expect(server.opened[1].bytes == bytes)
        #expect(!records[0].stream.unsent.isEmpty)
        server.opened[0].stream.setReading(true)
        client.exchange(with: server)
        #expect(server.opened[0].bytes == bytes)
        #expect(server.opened[0].isInputEnded)
        try client.end()
        try server.end()
    }

    @Test func `streams that wait for the connection's window share it`() throws {
        let server = try HTTP2Side.server()
        let peer = try HTTP2Wire(server)
        peer.send(.settings, [0, 4, 0x7F, 0xFF, 0xFF, 0xFF])
        for id in [1, 3, 5] { peer.headers(.init(id)) }
        _ = server.frames()
        for record in server.opened {
            record.stream.sendHeaders([":status": "200"], endStream: false, promise: nil)
            record.stream.sendData(
                ByteBuffer(repeating: 1, count: 100_000), endStream: true, promise: nil)
        }
        server.connection.flush()
        #expect(dataByteCount(server.frames()) == [1: 65_535])
        peer.send(.windowUpdate, [0, 0, 0xC0, 0])
        #expect(dataByteCount(server.frames()) == [1: 16_384, 3: 16_384, 5: 16_384])
        peer.send(.windowUpdate, [0, 0x10, 0, 0])
        let rest = server.frames()
        #expect(dataByteCount(rest) == [1: 18_081, 3: 83_616, 5: 83_616])
        #expect(rest.filter { $0.type == 0 && $0.flags == 1 }.count == 3)
        try server.end()
    }

    @Test func `settings that take room back are kept to`() throws {
        let server = try HTTP2Side.server()
        let peer = try HTTP2Wire(server)
        peer.headers(1)
        _ = server.frames()
        let stream = server.opened[0].stream
        stream.sendHeaders([":status": "200"], endStream: false, promise: nil)
        stream.sendData(ByteBuffer(repeating: 1, count: 60_000), endStream: false, promise: nil)
        peer.send(.settings, [0, 4, 0, 0, 0x80, 0])
        stream.sendData(ByteBuffer(repeating: 2, count: 10_000), endStream: true, promise: nil)
        server.connection.flush()
        #expect(dataByteCount(server.frames()) == [1: 60_000])
        // 32,768 less 60,000 and 27,232: nothing yet.
        peer.send(.windowUpdate, on: 1, [0, 0, 0x6A, 0x60])
        #expect(dataByteCount(server.frames()) == [:])
        peer.send(.windowUpdate, on: 1, [0, 0, 0, 10])
        #expect(dataByteCount(server.frames()) == [1: 10])
        peer.send(.windowUpdate, [0, 1, 0, 0])
        peer.send(.settings, [0, 4, 0, 1, 0, 0])
        #expect(dataByteCount(server.frames()) == [1: 9990])
        try server.end()
    }

    @Test func `a stream that is given up sends nothing more`() throws {
        let server = try HTTP2Side.server()
        let peer = try HTTP2Wire(server)
        peer.headers(1)
        _ = server.frames()
        let stream = server.opened[0].stream
        var failure: (any Error)?
        let written = server.channel.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenFailure { failure = $0 }
        stream.sendHeaders([":status": "200"], endStream: false, promise: nil)
        stream.sendData(ByteBuffer(repeating: 1, count: 100_000), endStream: true, promise: written)
        stream.close()
        #expect(failure != nil)
        #expect(server.opened[0].isEnded)
        let frames = server.frames()
        #expect(dataByteCount(frames) == [1: 65_535])
        #expect(frames.reset(of: 1) == .cancel)
        peer.send(.windowUpdate, [0, 1, 0, 0])
        peer.send(.windowUpdate, on: 1, [0, 1, 0, 0])
        #expect(server.frames().isEmpty)
        try server.end()
    }

    @Test func `padding counts against the windows`() throws {
        let server = try HTTP2Side.server { $0.windowByteCount = 65_535 }
        let peer = try HTTP2Wire(server)
        peer.headers(1)
        // 257 bytes of a window of 65,535 each, of which one isn't padding.
        let padded = [255] + [7] + Array(repeating: 0, count: 255) as [UInt8]
        for _ in 0..<127 { peer.send(.data, flags: .padded, on: 1, padded) }
        #expect(server.frames().isEmpty)
        peer.send(.data, flags: .padded, on: 1, padded)
        #expect(Set(server.frames().map(\.stream)) == [0, 1])
        #expect(server.opened[0].bytes == ByteBuffer(repeating: 7, count: 128))
        try server.end()
    }

    /// The bytes of data that frames have, by their streams.
    private func dataByteCount(_ frames: [RawPeer.Frame]) -> [UInt32: Int] {
        frames.filter { $0.type == 0 }.reduce(into: [:]) {
            $0[$1.stream, default: 0] += $1.payload.readableBytes
        }
    }
}
