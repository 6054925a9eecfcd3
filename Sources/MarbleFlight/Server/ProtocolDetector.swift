import Logging
import NIOCore

/// Looks at a connection's first bytes before any protocol does.
///
/// The 24 bytes of the HTTP/2 preface bring in the gRPC pipeline, a method's name that of HTTP/1.1.
/// Everything else closes the connection, quietly: only what is written at level debug tells of it.
final class ProtocolDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    enum Found { case http1, http2 }

    /// The methods of RFC 9110 and PATCH: a connection that begins otherwise isn't one of HTTP/1.1.
    private static let methods = [
        "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ",
    ].map { Array($0.utf8) }
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private let logger: Logger
    private let metrics: FlightMetrics
    private let timeout: TimeAmount
    private let configure: (Found, any Channel) throws -> Void
    private var received: ByteBuffer?
    private var timeoutTask: Scheduled<Void>?

    init(
        logger: Logger, timeout: TimeAmount, metrics: FlightMetrics,
        configure: @escaping (Found, any Channel) throws -> Void
    ) {
        self.logger = logger
        self.metrics = metrics
        self.timeout = timeout
        self.configure = configure
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timeoutTask = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.refuse(context, "it sent no request in time")
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timeoutTask?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = received ?? ByteBuffer()
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
        received = bytes
        let candidates = ([Self.preface] + Self.methods).filter { Self.agree(bytes, $0) }
        guard let candidate = candidates.first else {
            return refuse(context, "its first bytes are neither HTTP/2's preface nor HTTP/1.1's")
        }
        guard candidates.count == 1, bytes.readableBytes >= candidate.count else { return }
        do {
            try configure(candidate == Self.preface ? .http2 : .http1, context.channel)
        } catch {
            return refuse(context, "\(error)")
        }
        context.fireChannelRead(wrapInboundOut(bytes))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    /// Whether one of the two begins with the other.
    private static func agree(_ bytes: ByteBuffer, _ beginning: [UInt8]) -> Bool {
        bytes.readableBytesView.prefix(beginning.count)
            .elementsEqual(beginning.prefix(bytes.readableBytes))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        refuse(context, "\(error)")
    }

    private func refuse(_ context: ChannelHandlerContext, _ reason: String) {
        timeoutTask?.cancel()
        metrics.handshakeFailed()
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
