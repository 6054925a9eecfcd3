import NIOConcurrencyHelpers
import NIOCore
import NIOHPACK
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A TCP connection that sends whatever bytes a test makes up, and reads HTTP/2 frames.
final class RawPeer: Sendable {
    struct Frame: Sendable {
        var type: UInt8
        var flags: UInt8
        var stream: UInt32
        var payload: ByteBuffer
    }

    private struct State {
        var received = ByteBuffer()
        var isClosed = false
        var encoder = HPACKEncoder(allocator: ByteBufferAllocator())
        var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    }

    static let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    private let state = NIOLockedValueBox(State())
    private let channel: NIOLockedValueBox<(any Channel)?> = NIOLockedValueBox(nil)

    static func connect(port: Int) async throws -> RawPeer {
        let peer = RawPeer()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(peer: peer))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        peer.channel.withLockedValue { $0 = channel }
        return peer
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let peer: RawPeer
        init(peer: RawPeer) { self.peer = peer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            peer.state.withLockedValue {
                _ = $0.received.writeImmutableBuffer(unwrapInboundIn(data))
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard case ChannelEvent.inputClosed = event else { return }
            peer.state.withLockedValue { $0.isClosed = true }
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            peer.state.withLockedValue { $0.isClosed = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    var isClosed: Bool { state.withLockedValue { $0.isClosed } }

    /// All that came, as text.
    var text: String { state.withLockedValue { String(buffer: $0.received) } }

    /// Takes nothing more from the socket.
    func pauseReading() async throws {
        try await channel.withLockedValue { $0 }?.setOption(.autoRead, value: false).get()
    }

    /// Ends the connection as a process does that dies.
    func reset() async throws {
        let channel = channel.withLockedValue { $0 }
        let provider = channel as? any SocketOptionProvider
        try await provider?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel?.close()
    }

    /// Says that nothing more will be sent, and goes on to read.
    func closeOutput() async throws {
        try await channel.withLockedValue { $0 }?.close(mode: .output)
    }

    func send(_ bytes: ByteBuffer) async throws {
        try await channel.withLockedValue { $0 }?.writeAndFlush(bytes)
    }

    func send(_ text: String) async throws { try await send(ByteBuffer(string: text)) }

    func close() async throws {
        try? await channel.withLockedValue { $0 }?.close()
    }

    /// Begins HTTP/2: the preface and empty settings.
    func sendPreface() async throws {
        var bytes = ByteBuffer(string: Self.preface)
        bytes.writeFrame(type: 4, flags: 0, stream: 0, payload: ByteBuffer())
        try await send(bytes)
    }

    func headers(_ stream: UInt32, _ headers: HPACKHeaders, end: Bool = false) throws -> ByteBuffer
    {
        let block = try state.withLockedValue { state in
            var block = ByteBuffer()
            try state.encoder.encode(headers: headers, to: &block)
            return block
        }
        var frame = ByteBuffer()
        frame.writeFrame(type: 1, flags: 4 | (end ? 1 : 0), stream: stream, payload: block)
        return frame
    }

    /// All whole frames so far.
    func frames() -> [Frame] {
        Self.frames(in: state.withLockedValue { $0.received })
    }

    static func frames(in bytes: ByteBuffer) -> [Frame] {
        var bytes = bytes
        var frames: [Frame] = []
        while let head = bytes.peekMultipleIntegers(
            as: (UInt8, UInt16, UInt8, UInt8, UInt32).self)
        {
            let length = Int(head.0) << 16 | Int(head.1)
            guard bytes.readableBytes >= 9 + length else { break }
            bytes.moveReaderIndex(forwardBy: 9)
            let payload = bytes.readSlice(length: length) ?? ByteBuffer()
            frames.append(
                Frame(type: head.2, flags: head.3, stream: head.4, payload: payload))
        }
        return frames
    }

    /// The headers of each HEADERS frame of one stream. To be asked once: decoding has a state.
    func responseHeaders(_ stream: UInt32) throws -> [HPACKHeaders] {
        try state.withLockedValue { state in
            var all: [HPACKHeaders] = []
            for frame in Self.frames(in: state.received) where frame.type == 1 {
                var payload = frame.payload
                let headers = try state.decoder.decodeHeaders(from: &payload)
                if frame.stream == stream { all.append(headers) }
            }
            return all
        }
    }

    func hasResponseEnd(_ stream: UInt32) -> Bool {
        frames().contains { $0.stream == stream && $0.flags & 1 != 0 && $0.type <= 1 }
    }

    static func request(
        _ method: String, _ extra: [(String, String)] = [],
        contentType: String = "application/grpc", httpMethod: String = "POST",
        service: String = "arrow.flight.protocol.FlightService"
    ) -> HPACKHeaders {
        var headers: HPACKHeaders = [
            ":method": httpMethod, ":scheme": "http",
            ":path": "/\(service)/\(method)",
            ":authority": "test", "content-type": contentType, "te": "trailers",
        ]
        for (name, value) in extra { headers.add(name: name, value: value) }
        return headers
    }

    /// Calls each method that every server has besides Flight's once, and hangs up amid the watch.
    static func callBuiltInMethods(port: Int) async throws {
        let methods = [
            ("grpc.health.v1.Health", "Check"),
            ("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo"),
            ("grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo"),
            ("grpc.health.v1.Health", "Watch"),
        ]
        let peer = try await connect(port: port)
        try await peer.sendPreface()
        for (index, (service, method)) in methods.enumerated() {
            let stream = UInt32(index * 2 + 1)
            try await peer.send(try peer.headers(stream, request(method, service: service)))
            try await peer.send(.data(stream, .message([]), end: true))
        }
        try await eventually("all are answered") {
            [1, 3, 5].allSatisfy { peer.hasResponseEnd($0) }
                && peer.frames().contains { $0.stream == 7 && $0.type == 0 }
        }
        try await peer.close()
    }
}

extension ByteBuffer {
    mutating func writeFrame(type: UInt8, flags: UInt8, stream: UInt32, payload: ByteBuffer) {
        let length = payload.readableBytes
        writeMultipleIntegers(
            UInt8(length >> 16), UInt16(truncatingIfNeeded: length), type, flags, stream)
        writeImmutableBuffer(payload)
    }

    static func data(_ stream: UInt32, _ payload: ByteBuffer, end: Bool = false) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeFrame(type: 0, flags: end ? 1 : 0, stream: stream, payload: payload)
        return frame
    }

    /// A gRPC message with any flag and claimed length.
    static func message(flag: UInt8 = 0, claimed: UInt32? = nil, _ content: [UInt8]) -> ByteBuffer {
        var message = ByteBuffer()
        message.writeMultipleIntegers(flag, claimed ?? UInt32(content.count))
        message.writeBytes(content)
        return message
    }
}
