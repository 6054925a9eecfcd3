import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOSSL

/// Looks at a connection's first bytes before any protocol does.
///
/// The first bytes of a TLS handshake bring in TLS, where the server has it; what it decrypts comes back
/// here. The 24 bytes of the HTTP/2 preface bring in the gRPC pipeline, a method's name that of HTTP/1.1,
/// unless they must be inside TLS: then the client is told so. Everything else closes the connection,
/// quietly: only what is written at level debug tells of it.
final class ProtocolDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Found {
        case http1, http2
        /// Without TLS, where it is asked for.
        case refusedHTTP2
    }

    /// The methods of RFC 9110 and PATCH: a connection that begins otherwise isn't one of HTTP/1.1.
    private static let methods = [
        "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ",
    ].map { Array($0.utf8) }
    private static let preface = Array(HTTP2Preface.text.utf8)

    private let logger: Logger
    private let metrics: FlightMetrics
    private let timeout: TimeAmount
    private let tls: ServerTLS?
    private let counters: NIOLockedValueBox<FlightServerCounters>
    private let configure: (Found, any Channel) throws -> Void
    private var received: ByteBuffer?
    private var timeoutTask: Scheduled<Void>?
    private var isEncrypted = false
    private var isRefused = false
    /// Whether the protocol's handlers are there, or are being added.
    private var isFound = false

    init(
        logger: Logger, timeout: TimeAmount, metrics: FlightMetrics, tls: ServerTLS?,
        counters: NIOLockedValueBox<FlightServerCounters>,
        configure: @escaping (Found, any Channel) throws -> Void
    ) {
        self.logger = logger
        self.metrics = metrics
        self.timeout = timeout
        self.tls = tls
        self.counters = counters
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
        guard !isRefused else { return }
        var bytes = received ?? ByteBuffer()
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
        received = bytes
        // A write that fails, of the settings or of an answer, has NIO read what is left there and then.
        guard !isFound else { return }
        if let tls, !isEncrypted, bytes.readableBytesView.first == TLSRecord.handshake {
            return startTLS(tls, bytes, context)
        }
        let candidates = ([Self.preface] + Self.methods).filter { Self.agree(bytes, $0) }
        guard let candidate = candidates.first else {
            return refuse(context, "its first bytes are neither HTTP/2's preface nor HTTP/1.1's")
        }
        guard candidates.count == 1, bytes.readableBytes >= candidate.count else { return }
        var found = candidate == Self.preface ? Found.http2 : .http1
        if let tls, !isEncrypted, !tls.configuration.allowsPlaintext {
            counters.withLockedValue { $0.plaintextRefused += 1 }
            metrics.plaintextRefused()
            logger.debug("connection without TLS refused", metadata: Self.peer(context))
            if found == .http1 { return refusePlaintextHTTP1(context) }
            found = .refusedHTTP2
        }
        isFound = true
        do {
            try configure(found, context.channel)
        } catch {
            return refuse(context, "\(error)")
        }
        while let bytes = received.take() { context.fireChannelRead(wrapInboundOut(bytes)) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    /// Whether one of the two begins with the other.
    private static func agree(_ bytes: ByteBuffer, _ beginning: [UInt8]) -> Bool {
        bytes.readableBytesView.prefix(beginning.count)
            .elementsEqual(beginning.prefix(bytes.readableBytes))
    }

    /// From here on, what comes is what TLS has decrypted.
    private func startTLS(
        _ tls: ServerTLS, _ bytes: ByteBuffer, _ context: ChannelHandlerContext
    ) {
        guard let tlsContext = tls.context else { return refuse(context, "TLS isn't set up") }
        received = nil
        isEncrypted = true
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(
                NIOSSLServerHandler(context: tlsContext), position: .before(self))
        } catch {
            return refuse(context, "\(error)")
        }
        pipeline.fireChannelRead(NIOAny(bytes))
    }

    /// Tells a client of HTTP/1.1 why it isn't served.
    private func refusePlaintextHTTP1(_ context: ChannelHandlerContext) {
        isRefused = true
        received = nil
        context.writeAndFlush(wrapOutboundOut(.tlsOnly), promise: nil)
        // A close of both directions could overtake the words; the client or the timeout does the rest.
        context.close(mode: .output, promise: nil)
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
        // It was counted and logged when it got its answer.
        guard !isRefused else { return context.close(promise: nil) }
        metrics.handshakeFailed()
        logger.debug(
            "connection closed before it spoke Flight",
            metadata: Self.peer(context).merging(["reason": "\(reason)"]) { $1 })
        context.close(promise: nil)
    }

    private static func peer(_ context: ChannelHandlerContext) -> Logger.Metadata {
        ["peer": "\(context.remoteAddress.map { "\($0)" } ?? "unknown")"]
    }
}

private enum TLSRecord {
    /// The first byte of a record of type handshake (RFC 8446, 5.1).
    static let handshake: UInt8 = 22
}

extension ByteBuffer {
    /// An answer of HTTP/1.1.
    fileprivate static var tlsOnly: ByteBuffer {
        let words = "this server speaks TLS only: use https\n"
        return ByteBuffer(
            string: "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n"
                + "content-length: \(words.utf8.count)\r\n\r\n" + words)
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
