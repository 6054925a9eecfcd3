import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

/// A server that begins with HTTP/2, never says a word more, and keeps what its clients say.
final class SilentServer: Sendable {
    struct Connection: Sendable {
        fileprivate var received = ByteBuffer()
        /// Whether the client has closed it.
        fileprivate(set) var isClosed = false

        /// All whole frames so far.
        var frames: [RawPeer.Frame] {
            var bytes = received
            bytes.moveReaderIndex(
                forwardBy: min(RawPeer.preface.utf8.count, bytes.readableBytes))
            return RawPeer.frames(in: bytes)
        }
    }

    private let words: ByteBuffer
    private let kept = NIOLockedValueBox<[Connection]>([])
    private let listener: NIOLockedValueBox<(any Channel)?> = NIOLockedValueBox(nil)

    /// - Parameter words: What follows the server's settings.
    init(behindItsSettings words: ByteBuffer = ByteBuffer()) {
        self.words = words
    }

    /// All connections so far, in their order.
    var connections: [Connection] { kept.withLockedValue { $0 } }

    /// - Returns: The port.
    func start() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(server: self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        listener.withLockedValue { $0 = channel }
        return try #require(channel.localAddress?.port)
    }

    func stop() async throws {
        try await listener.withLockedValue { $0 }?.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let server: SilentServer
        private let number: Int

        init(server: SilentServer) {
            self.server = server
            number = server.kept.withLockedValue { kept in
                kept.append(Connection())
                return kept.count - 1
            }
        }

        func channelActive(context: ChannelHandlerContext) {
            // Empty settings.
            var bytes = ByteBuffer()
            bytes.writeFrame(type: 4, flags: 0, stream: 0, payload: ByteBuffer())
            bytes.writeImmutableBuffer(server.words)
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            server.kept.withLockedValue {
                _ = $0[number].received.writeImmutableBuffer(bytes)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            server.kept.withLockedValue { $0[number].isClosed = true }
        }
    }
}
