import Logging
import NIOCore
import NIOHTTP2
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// One place of the client's pool: at most one connection that takes calls, made when a call needs it.
///
/// Bound to its event loop.
final class FlightClientConnection: @unchecked Sendable {
    private enum Phase {
        case idle
        case connecting([FlightStream])
        case ready(FlightClientChannel)
        case closed
    }

    let eventLoop: any EventLoop
    let peerName: String
    private let configuration: FlightClientConfiguration
    private let logger: Logger
    private var phase: Phase
    /// Connections that take no more calls but have some open.
    private var draining: [ObjectIdentifier: FlightClientChannel] = [:]

    init(
        configuration: FlightClientConfiguration, eventLoop: any EventLoop, logger: Logger,
        isClosed: Bool
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        self.phase = isClosed ? .closed : .idle
        let host = configuration.host
        peerName = "\(host.contains(":") ? "[\(host)]" : host):\(configuration.port)"
    }

    /// Puts the stream on a connection, or ends it with the reason why there is none.
    func open(_ stream: FlightStream, delegate: any FlightStreamDelegate) {
        eventLoop.assertInEventLoop()
        guard stream.phase == .opening else {
            // Cancelled before it came here.
            return delegate.flightStream(stream, closed: stream.closeReason)
        }
        stream.delegate = delegate
        stream.startDeadline()
        switch phase {
        case .idle:
            phase = .connecting([stream])
            connect()
        case .connecting(var waiting):
            phase = .idle
            waiting.append(stream)
            phase = .connecting(waiting)
        case .ready(let channel):
            channel.open(stream)
        case .closed:
            // Not before the caller has its stream.
            eventLoop.execute { stream.openingFailed(.clientClosed) }
        }
    }

    func close() async {
        let closed = eventLoop.makePromise(of: Void.self)
        eventLoop.execute { self.close(closed) }
        await closed.futureResult.completed()
    }

    /// Nobody makes calls any more: closes without anyone waiting for it.
    func abandon() {
        eventLoop.execute { self.close(nil) }
    }

    private func close(_ closed: EventLoopPromise<Void>?) {
        var channels = Array(draining.values)
        switch phase {
        case .ready(let channel): channels.append(channel)
        case .connecting(let waiting):
            for stream in waiting { stream.openingFailed(.clientClosed) }
        case .idle, .closed: break
        }
        phase = .closed
        let futures = channels.map { $0.channel.closeFuture }
        for channel in channels { channel.channel.close(promise: nil) }
        EventLoopFuture.andAllComplete(futures, on: eventLoop).cascade(to: closed)
    }

    private func connect() {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: FlightSocket.receiveAllocator)
            .channelOption(.writeBufferWaterMark, value: FlightSocket.writeWatermark)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.configure(channel) }
            }
            .connect(host: configuration.host, port: configuration.port)
            .hop(to: eventLoop)
            .whenComplete { result in
                switch result {
                case .success(let channel): self.connected(channel)
                case .failure(let error): self.connectingFailed(error)
                }
            }
    }

    private func configure(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let connection = FlightConnectionHandler(peerName: peerName)
        try pipeline.addHandler(connection)
        let http2 = configuration.http2
        let state = FlightClientChannel(
            channel: channel, connection: connection, owner: self,
            keepaliveInterval: configuration.keepaliveInterval.map { TimeAmount($0) },
            keepaliveTimeout: TimeAmount(configuration.keepaliveTimeout))
        state.multiplexer = try pipeline.configureHTTP2Pipeline(
            mode: .client, connectionConfiguration: http2.connection,
            streamConfiguration: http2.stream, streamDelegate: state
        ) { channel in
            // Flight servers open no streams.
            channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        try pipeline.addHandler(FlightClientChannelHandler(state: state))
        try pipeline.addHandler(ConnectionErrorHandler(logger: logger))
    }

    private func connected(_ channel: any Channel) {
        guard case .connecting(let waiting) = phase,
            let state = try? channel.pipeline.syncOperations.handler(
                type: FlightClientChannelHandler.self
            ).state
        else { return channel.close(promise: nil) }
        phase = .ready(state)
        for stream in waiting { state.open(stream) }
    }

    private func connectingFailed(_ error: any Error) {
        guard case .connecting(let waiting) = phase else { return }
        phase = .idle
        let failure = FlightError(connectingTo: peerName, configuration, error)
        logger.debug("connecting failed", metadata: ["error": "\(failure)"])
        for stream in waiting { stream.openingFailed(failure) }
    }

    /// The connection takes no new calls; the next one gets another.
    func channelDrains(_ channel: FlightClientChannel) {
        if case .ready(let current) = phase, current === channel { phase = .idle }
        draining[ObjectIdentifier(channel)] = channel
    }

    func channelClosed(_ channel: FlightClientChannel) {
        draining[ObjectIdentifier(channel)] = nil
        if case .ready(let current) = phase, current === channel { phase = .idle }
    }
}

extension FlightClientConfiguration {
    /// A client takes no streams and few headers, and lets its server reset what it likes.
    var http2: HTTP2Configuration {
        HTTP2Configuration(
            windowByteCount: windowByteCount, frameByteCountMax: frameByteCountMax,
            concurrentStreamsMax: 100, headerListByteCountMax: 64 << 10,
            streamResetsMax: 1_000_000, writeHighWatermark: writeHighWatermark,
            writeLowWatermark: writeLowWatermark)
    }
}

extension FlightError {
    static var clientClosed: FlightError {
        FlightError(.cancelled, "the client was closed; make another one")
    }

    /// Why a connection could not be made, and what to check.
    init(
        connectingTo peer: String, _ configuration: FlightClientConfiguration, _ error: any Error
    ) {
        var reason = "\(error)"
        var remedy = "check that the server runs, and the address"
        if let error = error as? NIOConnectionError {
            if let cause = error.dnsAAAAError ?? error.dnsAError, error.connectionErrors.isEmpty {
                reason = "the name can't be resolved (\(cause))"
                remedy = "check the host name"
            } else if let cause = error.connectionErrors.first {
                reason = Self.reason(of: cause.error)
            }
        }
        if case .connectTimeout? = error as? ChannelError {
            reason = "no answer within \(configuration.connectTimeout)"
            remedy = "check the address, the network and its firewalls"
        }
        self.init(.unavailable, "can't connect to \(peer): \(reason); \(remedy)", cause: error)
    }

    /// What the operating system says about a connection that didn't come about, in plain words.
    private static func reason(of error: any Error) -> String {
        switch (error as? IOError)?.errnoCode {
        case ECONNREFUSED: "connection refused"
        case ECONNRESET: "connection reset"
        case ENETUNREACH: "no route to the network"
        case EHOSTUNREACH: "no route to the host"
        case ETIMEDOUT: "no answer"
        default: "\(error)"
        }
    }
}
