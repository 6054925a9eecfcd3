import NIOConcurrencyHelpers
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import Testing

/// An HTTP/2 server that does with each request what a test says.
final class ScriptedServer: Sendable {
    enum Answer: Sendable {
        /// A status without messages, and trailers.
        case status(Int, [(String, String)] = [])
        case refuse
        /// Headers, and an end without a status.
        case noStatus
        /// GOAWAY before the request, and the end of the connection.
        case goAway
        case silence
    }

    private let requests = NIOLockedValueBox<[HPACKHeaders]>([])
    private let listener: NIOLockedValueBox<(any Channel)?> = NIOLockedValueBox(nil)
    private let script: @Sendable (Int, HPACKHeaders) -> Answer

    /// - Parameter script: The answer to a request, by its number from 0 and its headers.
    init(_ script: @escaping @Sendable (Int, HPACKHeaders) -> Answer) {
        self.script = script
    }

    /// The headers of all requests so far.
    var received: [HPACKHeaders] { requests.withLockedValue { $0 } }

    /// - Returns: The port.
    func start() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { parent in
                parent.eventLoop.makeCompletedFuture {
                    _ = try parent.pipeline.syncOperations.configureHTTP2Pipeline(
                        mode: .server, connectionConfiguration: .init(),
                        streamConfiguration: .init()
                    ) { stream in
                        stream.eventLoop.makeCompletedFuture {
                            try stream.pipeline.syncOperations.addHandler(Handler(server: self))
                        }
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        listener.withLockedValue { $0 = channel }
        return try #require(channel.localAddress?.port)
    }

    func stop() async throws {
        try await listener.withLockedValue { $0 }?.close()
    }

    private func answer(to headers: HPACKHeaders) -> Answer {
        let number = requests.withLockedValue { requests in
            requests.append(headers)
            return requests.count - 1
        }
        return script(number, headers)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame.FramePayload
        typealias OutboundOut = HTTP2Frame.FramePayload
        let server: ScriptedServer
        init(server: ScriptedServer) { self.server = server }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .headers(let request) = unwrapInboundIn(data) else { return }
            switch server.answer(to: request.headers) {
            case .status(let status, let trailers):
                var headers: HPACKHeaders = [
                    ":status": "200", "content-type": "application/grpc",
                    "grpc-status": "\(status)",
                ]
                headers.add(contentsOf: trailers.map { ($0.0, $0.1, .indexable) })
                write(.headers(.init(headers: headers, endStream: true)), context)
            case .noStatus:
                let headers: HPACKHeaders = [
                    ":status": "200", "content-type": "application/grpc",
                ]
                write(.headers(.init(headers: headers)), context)
                write(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true)), context)
            case .refuse:
                write(.rstStream(.refusedStream), context)
            case .goAway:
                let frame = HTTP2Frame(
                    streamID: .rootStream,
                    payload: .goAway(lastStreamID: 0, errorCode: .noError, opaqueData: nil))
                let parent = context.channel.parent
                parent?.pipeline.syncOperations.writeAndFlush(NIOAny(frame), promise: nil)
            case .silence:
                break
            }
        }

        private func write(
            _ payload: HTTP2Frame.FramePayload, _ context: ChannelHandlerContext
        ) {
            context.writeAndFlush(wrapOutboundOut(payload), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
