import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHPACK
import NIOHTTP2

/// Turns a request's headers into a ``FlightStream`` that the service works on.
final class ServerCallAcceptor: Sendable {
    private static let responseHeaders: HPACKHeaders = [
        ":status": "200", "content-type": GRPCHeader.contentType,
        GRPCHeader.acceptEncoding: FlightCompression.accepted,
    ]

    private let service: any FlightService
    private let limits: FlightStreamLimits
    private let compression: FlightCompression
    private let counters: NIOLockedValueBox<FlightServerCounters>

    init(
        service: any FlightService, limits: FlightStreamLimits, compression: FlightCompression,
        counters: NIOLockedValueBox<FlightServerCounters>
    ) {
        self.service = service
        self.limits = limits
        self.compression = compression
        self.counters = counters
    }

    /// - Returns: `nil` when the request was refused, with its answer written.
    func accept(
        _ headers: HPACKHeaders, endStream: Bool, context: ChannelHandlerContext,
        connection: FlightConnectionHandler
    ) -> FlightStream? {
        guard headers.first(name: ":method") == "POST" else {
            refuse([":status": "405"], endStream, context)
            return nil
        }
        guard let type = headers.first(name: "content-type"), Self.isGRPC(type) else {
            refuse([":status": "415"], endStream, context)
            return nil
        }
        let path = headers.first(name: ":path") ?? ""
        guard let method = FlightMethod(path: path) else {
            let error = FlightError(.unimplemented, "this server has no method \(path)")
            refuse(error, endStream, context)
            return nil
        }
        var deadline: NIODeadline?
        if let text = headers.first(name: GRPCHeader.timeout) {
            guard let timeout = GRPCTimeout.decode(text) else {
                let error = FlightError(
                    .invalidArgument, "grpc-timeout \(text) is not a timeout")
                refuse(error, endStream, context)
                return nil
            }
            deadline = .now() + timeout
        }
        let encoding = headers.first(name: GRPCHeader.encoding) ?? "identity"
        guard let requestCompression = FlightCompression(rawValue: encoding) else {
            let error = FlightError(
                .unimplemented,
                "grpc-encoding \(encoding) is not supported; use \(FlightCompression.accepted)")
            refuse(error, endStream, context)
            return nil
        }
        let stream = FlightStream(
            method: method, role: .server, eventLoop: context.eventLoop, limits: limits)
        stream.metadata = FlightMetadata(headers)
        stream.headersToSend = Self.responseHeaders
        stream.assembler.compression = requestCompression
        if compression != .identity {
            startCompressing(stream, accepted: headers[GRPCHeader.acceptEncoding])
        }
        stream.deadline = deadline
        stream.span = limits.tracing?.startCall(method, from: connection.peerName, headers)
        stream.peerName = connection.peerName
        stream.attach(context, connection: connection)
        stream.startDeadline()
        counters.withLockedValue {
            $0.callsStarted += 1
            $0.callsOpen += 1
        }
        start(stream)
        if endStream { stream.inputReceivedCompletely() }
        return stream
    }

    private func startCompressing(_ stream: FlightStream, accepted: [String]) {
        guard compression.isAccepted(by: accepted) else { return }
        stream.headersToSend?.add(name: GRPCHeader.encoding, value: compression.rawValue)
        stream.outgoing.startCompressing(compression)
    }

    func callEnded(_ stream: FlightStream) {
        counters.withLockedValue { $0.callsOpen -= 1 }
    }

    private func start(_ stream: FlightStream) {
        let call = FlightCall(stream: stream)
        if let delegate = service.streamDelegate(for: call) {
            stream.delegate = delegate
            return
        }
        let context = FlightCallContext(call)
        let bridge = FlightStreamBridge(stream: stream, context: context)
        stream.delegate = bridge
        let runner = ServerCallRunner(service: service, bridge: bridge, context: context)
        if stream.method.hasSingleRequest {
            // Started with the request, the task needn't sleep until it comes.
            bridge.whenInputArrives { runner.start() }
        } else {
            runner.start()
        }
    }

    private static func isGRPC(_ contentType: String) -> Bool {
        guard contentType.hasPrefix(GRPCHeader.contentType) else { return false }
        let rest = contentType.dropFirst(GRPCHeader.contentType.count)
        return rest.isEmpty || rest.hasPrefix("+") || rest.hasPrefix(";")
    }

    private func refuse(
        _ error: FlightError, _ isComplete: Bool, _ context: ChannelHandlerContext
    ) {
        var headers = Self.responseHeaders
        headers.add(contentsOf: HPACKHeaders(status: error))
        refuse(headers, isComplete, context)
    }

    /// - Parameter isComplete: Whether the client has ended its side; if not, it is told to stop.
    private func refuse(
        _ headers: HPACKHeaders, _ isComplete: Bool, _ context: ChannelHandlerContext
    ) {
        counters.withLockedValue { $0.callsRefused += 1 }
        limits.metrics.callRefused()
        let payload = HTTP2Frame.FramePayload.headers(.init(headers: headers, endStream: true))
        context.write(NIOAny(payload), promise: nil)
        if !isComplete {
            context.write(NIOAny(HTTP2Frame.FramePayload.rstStream(.noError)), promise: nil)
        }
        context.flush()
    }
}

extension FlightMethod {
    /// Whether the client sends exactly one message.
    var hasSingleRequest: Bool {
        switch self {
        case .handshake, .doPut, .doExchange: false
        default: true
        }
    }
}
