public import Logging
import NIOConcurrencyHelpers
public import NIOCore
public import NIOPosix

/// A server of `arrow.flight.protocol.FlightService`.
///
/// ```swift
/// let server = FlightServer(
///     configuration: .init(host: "localhost", port: 5001), service: MyService())
/// try await server.start()
/// …
/// await server.shutdown(gracefully: .seconds(30))
/// ```
///
/// The same port answers plain HTTP, over HTTP/1.1 and HTTP/2: `POST /api/flight/do_action` with
/// `{"type": "…", "body": …}` calls an action of the service and answers in JSON, and `GET` shows
/// ``FlightServerConfiguration/resources``.
public final class FlightServer: Sendable {
    private enum Phase { case idle, starting, running, stopped }

    private struct State {
        var phase = Phase.idle
        var listeners: [any Channel] = []
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    private let configuration: FlightServerConfiguration
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let state = NIOLockedValueBox(State())
    private let counterValues = NIOLockedValueBox(FlightServerCounters())
    private let pipeline: ServerPipeline
    private let tls: ServerTLS?
    private let budget: BufferBudget
    private let metrics: FlightMetrics

    /// Makes a server that isn't listening yet.
    public init(
        configuration: FlightServerConfiguration, service: some FlightService,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "marble.flight.server")
    ) {
        self.configuration = configuration
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        self.budget = BufferBudget(byteCountMax: configuration.partialMessagesByteCountMax)
        self.metrics = FlightMetrics(server: configuration.metricsFactory)
        let authentication = configuration.authenticator.map {
            [counterValues, metrics] authenticator in
            ServerAuthentication(
                authenticator, counters: counterValues, metrics: metrics, logger: logger)
        }
        let acceptor = ServerCallAcceptor(
            service: service, health: configuration.health,
            limits: FlightStreamLimits(
                messageByteCountMax: configuration.messageByteCountMax,
                writeHighWatermark: configuration.writeHighWatermark,
                writeLowWatermark: configuration.writeLowWatermark, budget: budget,
                metrics: metrics, tracing: FlightTracing(),
                messageTimeout: TimeAmount(configuration.messageTimeout)),
            compression: configuration.compression,
            headerListByteCountMax: configuration.headerListByteCountMax,
            authentication: authentication, middleware: configuration.middleware,
            counters: counterValues)
        self.tls = configuration.tls.map { ServerTLS($0, logger: logger) }
        self.pipeline = ServerPipeline(
            configuration: configuration, acceptor: acceptor,
            routes: HTTPRoutes(
                configuration, acceptor: acceptor, budget: budget, metrics: metrics,
                authentication: authentication),
            tls: tls, counters: counterValues, logger: logger)
    }

    /// The port that the server listens on; `nil` unless it is running.
    public var boundPort: Int? {
        state.withLockedValue { $0.listeners.first?.localAddress?.port }
    }

    /// What the server has done so far, and what is open.
    public var counters: FlightServerCounters {
        var counters = counterValues.withLockedValue { $0 }
        counters.connectionsOpen = state.withLockedValue { $0.connections.count }
        counters.partialMessageByteCount = budget.usedByteCount
        return counters
    }

    /// Starts to listen.
    /// - Throws: ``FlightError`` that says which address can't be listened on, or which file of TLS
    ///   can't be used, why, and what to do.
    public func start() async throws(FlightError) {
        let isFirst = state.withLockedValue { state in
            guard state.phase == .idle else { return false }
            state.phase = .starting
            return true
        }
        guard isFirst else {
            throw FlightError(
                .failedPrecondition, "the server was started before; make another one")
        }
        do {
            try await tls?.start(on: eventLoopGroup.next())
            let listeners = try await ServerListeners(
                bootstrap: bootstrap(), host: configuration.host, port: configuration.port
            ).bind()
            state.withLockedValue {
                $0.listeners = listeners
                $0.phase = .running
            }
        } catch {
            tls?.stop()
            state.withLockedValue { $0.phase = .idle }
            throw error
        }
    }

    /// Starts to listen, and returns when the server was shut down. Cancelling the task shuts it down
    /// gracefully, with 30 seconds for the calls that are open.
    public func run() async throws(FlightError) {
        try await start()
        let listeners = state.withLockedValue { $0.listeners }
        await withTaskCancellationHandler {
            for listener in listeners {
                await listener.closeFuture.completed()
            }
            await connectionsClosed()
        } onCancel: {
            Task { await shutdown(gracefully: .seconds(30)) }
        }
    }

    /// Stops to listen, asks all clients to go (GOAWAY), waits until their calls are over, and closes.
    /// - Parameter gracePeriod: How long calls may go on; what is open then is cut off.
    public func shutdown(gracefully gracePeriod: Duration = .zero) async {
        let (listeners, connections) = state.withLockedValue { state in
            state.phase = .stopped
            return (state.listeners, Array(state.connections.values))
        }
        configuration.health.end()
        tls?.stop()
        for listener in listeners { try? await listener.close() }
        for connection in connections {
            connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        let cutOff = eventLoopGroup.next().scheduleTask(in: TimeAmount(gracePeriod)) {
            for connection in self.state.withLockedValue({ Array($0.connections.values) }) {
                connection.close(promise: nil)
            }
        }
        await connectionsClosed()
        cutOff.cancel()
    }

    private func connectionsClosed() async {
        for connection in state.withLockedValue({ Array($0.connections.values) }) {
            await connection.closeFuture.completed()
        }
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: eventLoopGroup)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .recvAllocator, value: FlightSocket.receiveAllocator
            )
            .childChannelOption(.writeBufferWaterMark, value: FlightSocket.writeWatermark)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
            }
    }

    /// Takes a connection, on its event loop.
    func accept(_ channel: any Channel) throws {
        let key = ObjectIdentifier(channel)
        let isWelcome = state.withLockedValue { state in
            guard state.phase != .stopped,
                state.connections.count < configuration.connectionsMax
            else { return false }
            state.connections[key] = channel
            return true
        }
        guard isWelcome else {
            counterValues.withLockedValue { $0.connectionsRefused += 1 }
            metrics.connectionFailed()
            logger.debug(
                "connection refused: the server stops, or has as many as it may",
                metadata: ["limit": "\(configuration.connectionsMax)"])
            return channel.close(promise: nil)
        }
        counterValues.withLockedValue { $0.connectionsAccepted += 1 }
        metrics.connectionOpened()
        channel.closeFuture.whenComplete { _ in
            self.metrics.connectionClosed()
            self.state.withLockedValue { $0.connections[key] = nil }
        }
        try pipeline.begin(channel)
    }
}

extension EventLoopFuture<Void> {
    /// Waits for the future, whatever becomes of it.
    func completed() async {
        await withCheckedContinuation { continuation in
            whenComplete { _ in continuation.resume() }
        }
    }
}
