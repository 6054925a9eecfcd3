import Logging
import NIOCore

/// Looks at a connection's first bytes before any protocol does.
///
/// The 24 bytes of the HTTP/2 preface bring in the gRPC pipeline. Everything else closes the connection,
/// quietly: only what is written at level debug tells of it. Other protocols on the same port are told
/// apart here.
final class ProtocolDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private let logger: Logger
    private let timeout: TimeAmount
    private let configureHTTP2: (any Channel) throws -> Void
    private var received: ByteBuffer?
    private var timeoutTask: Scheduled<Void>?

    init(
        logger: Logger, timeout: TimeAmount,
        configureHTTP2: @escaping (any Channel) throws -> Void
    ) {
        self.logger = logger
        self.timeout = timeout
        self.configureHTTP2 = configureHTTP2
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timeoutTask = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.refuse(context, "it sent no HTTP/2 preface in time")
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timeoutTask?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = received ?? ByteBuffer()
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
        received = bytes
        let isPreface = bytes.readableBytesView.prefix(Self.preface.count)
            .elementsEqual(Self.preface.prefix(bytes.readableBytes))
        guard isPreface else {
            return refuse(context, "its first bytes are not the HTTP/2 preface")
        }
        guard bytes.readableBytes >= Self.preface.count else { return }
        do {
            try configureHTTP2(context.channel)
        } catch {
            return refuse(context, "\(error)")
        }
        context.fireChannelRead(wrapInboundOut(bytes))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { return refuse(context, "the server stops") }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        refuse(context, "\(error)")
    }

    private func refuse(_ context: ChannelHandlerContext, _ reason: String) {
        timeoutTask?.cancel()
        logger.debug(
            "connection closed before it spoke Flight",
            metadata: [
                "peer": "\(context.remoteAddress.map { "\($0)" } ?? "unknown")",
                "reason": "\(reason)",
            ])
        context.close(promise: nil)
    }
}

/// Ends a connection whose protocol was violated.
final class ConnectionErrorHandler: ChannelInboundHandler {
    typealias InboundIn = Never

    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Frames of the connection itself, which HTTP/2 has dealt with.
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug(
            "connection closed after an error",
            metadata: [
                "peer": "\(context.remoteAddress.map { "\($0)" } ?? "unknown")",
                "error": "\(error)",
            ])
        context.close(promise: nil)
    }
}
