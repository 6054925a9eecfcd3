import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHPACK

/// Turns a request's headers into a ``FlightStream`` that the service works on.
final class ServerCallAcceptor: Sendable {
    private static let responseHeaders: HPACKHeaders = [
        ":status": "200", "content-type": GRPCHeader.contentType,
        GRPCHeader.acceptEncoding: FlightCompression.accepted,
    ]

    private let service: any FlightService
    private let health: FlightHealth
    private let limits: FlightStreamLimits
    private let compression: FlightCompression
    private let headerListByteCountMax: Int
    private let counters: NIOLockedValueBox<FlightServerCounters>
    private let authentication: ServerAuthentication?
    private let middleware: [FlightServerMiddlewareFactory]
    /// A handshake's messages come from strangers.
    private static let handshakeMessageByteCountMax = 64 << 10

    init(
        service: any FlightService, health: FlightHealth, limits: FlightStreamLimits,
        compression: FlightCompression, headerListByteCountMax: Int,
        authentication: ServerAuthentication?, middleware: [FlightServerMiddlewareFactory],
        counters: NIOLockedValueBox<FlightServerCounters>
    ) {
        self.service = service
        self.health = health
        self.limits = limits
        self.compression = compression
        self.headerListByteCountMax = headerListByteCountMax
        self.authentication = authentication
        self.middleware = middleware
        self.counters = counters
    }

    /// - Returns: `nil` when the request was refused, with its answer written.
    func accept(
        _ headers: HPACKHeaders, endStream: Bool, transport: any StreamTransport,
        connection: FlightConnectionHandler
    ) -> FlightStream? {
        guard headers.first(name: ":method") == "POST" else {
            refuse([":status": "405"], endStream, transport)
            return nil
        }
        guard let type = headers.first(name: "content-type"), GRPCHeader.isGRPC(type) else {
            refuse([":status": "415"], endStream, transport)
            return nil
        }
        let request: ServerCallRequest
        do throws(FlightError) {
            request = try ServerCallRequest(headers, headerListByteCountMax: headerListByteCountMax)
        } catch {
            refuse(error, endStream, transport)
            return nil
        }
        var limits = limits
        if authentication != nil, request.method == .handshake {
            limits.messageByteCountMax = Self.handshakeMessageByteCountMax
        }
        let stream = FlightStream(
            method: request.method, builtIn: request.builtIn, role: .server,
            eventLoop: transport.eventLoop, limits: limits,
            hasSingleInput: request.hasSingleMessage)
        stream.metadata = FlightMetadata(headers)
        stream.headersToSend = Self.responseHeaders
        stream.assembler.compression = request.compression
        if compression != .identity {
            startCompressing(stream, accepted: headers[GRPCHeader.acceptEncoding])
        }
        stream.deadline = request.deadline
        stream.span = limits.tracing?.startCall(
            request.fullName, from: connection.peerName, headers)
        stream.peerName = connection.peerName
        stream.acceptor = self
        stream.attach(transport, connection: connection)
        stream.startDeadline()
        counters.withLockedValue {
            $0.callsStarted += 1
            $0.callsOpen += 1
        }
        if let builtIn = request.builtIn, authentication == nil || builtIn.isOpenToAll {
            stream.delegate = builtIn.makeDelegate(health: health)
        } else if let authentication {
            admit(stream, connection.authentication, authentication)
        } else if stream.startMiddleware(middleware) {
            start(stream)
        }
        if endStream { stream.inputReceivedCompletely() }
        return stream
    }

    private func startCompressing(_ stream: FlightStream, accepted: [String]) {
        guard compression.isAccepted(by: accepted) else { return }
        stream.headersToSend?.add(name: GRPCHeader.encoding, value: compression.rawValue)
        stream.outgoing.startCompressing(compression)
    }

    /// Starts the call if the caller is known and may make it. Before that is found out, nothing of the
    /// call's messages is read.
    private func admit(
        _ stream: FlightStream, _ speaker: ConnectionAuthentication?,
        _ authentication: ServerAuthentication
    ) {
        guard let speaker else {
            return stream.fail(FlightError(.internal, "nobody looks at who speaks here"))
        }
        if stream.method == .handshake, stream.builtIn == nil {
            guard stream.startMiddleware(middleware) else { return }
            let handler = HandshakeHandler(authentication, speaker)
            stream.delegate = handler
            return handler.begin(stream)
        }
        let authorization = FlightCredentials.authorization(stream.metadata)
        if let known = speaker.knownIdentity(authorization, authentication.authenticator) {
            return start(stream, as: known)
        }
        stream.pauseReading()
        speaker.identify(authorization, authentication) { result in
            guard stream.phase == .open, stream.closeReason == nil else { return }
            switch result {
            case .success(let identity):
                stream.resumeReading()
                self.start(stream, as: identity)
            case .failure(let error):
                stream.fail(error)
            }
        }
    }

    private func start(_ stream: FlightStream, as identity: FlightIdentity) {
        stream.identity = identity
        if let builtIn = stream.builtIn {
            stream.delegate = builtIn.makeDelegate(health: health)
            return
        }
        guard stream.startMiddleware(middleware) else { return }
        let role = service.requiredRole(for: stream.method, metadata: stream.metadata)
        do throws(FlightError) {
            try identity.require(role, for: stream.method.rawValue)
        } catch {
            return stream.fail(error)
        }
        start(stream)
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

    private func refuse(
        _ error: FlightError, _ isComplete: Bool, _ transport: any StreamTransport
    ) {
        var headers = Self.responseHeaders
        headers.add(contentsOf: HPACKHeaders(status: error))
        refuse(headers, isComplete, transport)
    }

    /// - Parameter isComplete: Whether the client has ended its side; if not, it is told to stop.
    private func refuse(
        _ headers: HPACKHeaders, _ isComplete: Bool, _ transport: any StreamTransport
    ) {
        counters.withLockedValue { $0.callsRefused += 1 }
        limits.metrics.callRefused()
        transport.refuse(headers, isComplete: isComplete)
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
