internal import CoreMetrics
public import Logging
public import MarbleFlight
internal import MarbleRaft
internal import NIOConcurrencyHelpers
public import NIOCore
public import NIOPosix

/// The transport over Arrow Flight: one server on the node's endpoint, and clients to its peers.
///
/// What peers say to each other travels on `DoExchange` streams and `raft.message` actions, in the
/// format of `docs/formats/raft-wire.md`; all other calls go to the service that it is given, so
/// that a node needs one port only.
public final class ArrowFlightTransport: RaftTransport {
    private struct State {
        /// The peers that were called, as they were named.
        var calledEndpoints: Set<String> = []
        /// For calls to them, made with the first one: how they are called is known by then.
        var clients: FlightClientDirectory?
        var receiver: (any RaftTransportReceiver)?
        var server: FlightServer?
        /// Peers' streams to this node; they end with it.
        var inbound: [ObjectIdentifier: RaftInboundStream] = [:]
        var isStopped = false
        /// What the Raft server's configuration says, where this transport has none of its own.
        var tls: RaftTLS?
    }

    /// The endpoint that this transport listens on, and by which peers know it.
    public let localEndpoint: String
    /// What the transport and the Raft group on it have counted.
    public let metrics: RaftMetrics
    let metricsFactory: any MetricsFactory
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger
    let clientLogger: Logger
    private let service: (any FlightService)?
    private let serverConfiguration: FlightServerConfiguration?
    private let peerConfiguration: FlightClientConfiguration?
    private let inbox = TransportInbox(byteCountMax: 64 << 20)
    private let state = NIOLockedValueBox(State())

    /// Makes a transport that isn't listening yet; `RaftServer` starts the one that it is given.
    ///
    /// - Parameters:
    ///   - localEndpoint: `host:port` to listen on.
    ///   - service: answers all calls that aren't Raft's.
    ///   - serverConfiguration: limits, TLS and authenticator of the server; host and port are taken from the
    ///     endpoint. Calls between nodes need ``FlightRole/peer``. Its `metricsFactory` gets the metrics of
    ///     the transport and of Raft too.
    ///   - peerConfiguration: how peers are called: TLS, and the `authorization` by which they know this node;
    ///     host and port are taken from their endpoints.
    ///   - clientLogger: is told of connections to peers; nil for `logger`.
    ///   - eventLoopGroup: where connections and Raft live.
    public init(
        localEndpoint: String, service: (any FlightService)? = nil,
        serverConfiguration: FlightServerConfiguration? = nil,
        peerConfiguration: FlightClientConfiguration? = nil,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "marble.transport"), clientLogger: Logger? = nil
    ) {
        self.localEndpoint = localEndpoint
        self.service = service
        self.serverConfiguration = serverConfiguration
        metricsFactory = serverConfiguration?.metricsFactory ?? MetricsSystem.factory
        metrics = RaftMetrics(factory: metricsFactory)
        self.peerConfiguration = peerConfiguration
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        self.clientLogger = clientLogger ?? logger
    }

    /// Starts to listen.
    ///
    /// - Throws: `RaftError` with code `.transport` when the endpoint can't be listened on.
    public func start() async throws {
        let endpoint = try Endpoint(localEndpoint)
        var configuration = serverConfiguration ?? FlightServerConfiguration()
        configuration.host = endpoint.host
        configuration.port = endpoint.port
        if configuration.tls == nil, let tls = state.withLockedValue({ $0.tls }) {
            configuration.tls = tls.server(onlyPeers: service == nil)
        }
        let server = FlightServer(
            configuration: configuration,
            service: TransportService(transport: self, service: service),
            eventLoopGroup: eventLoopGroup, logger: logger)
        do {
            try await server.start()
        } catch {
            throw RaftError(.transport, error.message, cause: error)
        }
        state.withLockedValue { $0.server = server }
    }

    /// Stops to listen, lets calls that are open finish, and closes all connections.
    ///
    /// - Parameter gracePeriod: how long open calls may take.
    public func stop(gracefully gracePeriod: Duration = .seconds(5)) async {
        let (server, clients) = state.withLockedValue { state in
            state.isStopped = true
            return (state.server.take(), state.clients.take())
        }
        let (receiver, inbound) = state.withLockedValue {
            ($0.receiver, Array($0.inbound.values))
        }
        await receiver?.transportStops()
        for stream in inbound { stream.end() }
        await server?.shutdown(gracefully: gracePeriod)
        await clients?.close()
        inbox.close()
        state.withLockedValue { $0.receiver = nil }
    }

    // MARK: RaftTransport

    public var messages: RaftTransportMessages { RaftTransportMessages(inbox: inbox) }

    public func receive() -> RaftTransportMessage? { inbox.take() }

    public func send(_ message: ByteBuffer, to endpoint: String) async throws {
        let hello = RaftHello(clusterID: "", nodeID: 0, endpoint: localEndpoint, incarnation: 0)
        let envelope = RaftEnvelope(foreign: message, hello: hello)
        let body = FlightData(appMetadata: envelope.encoded()).serialized()
        do {
            _ = try await client(endpoint).doAction(
                FlightAction(type: RaftWire.messageAction, body: body))
        } catch {
            throw Self.failure(error, endpoint)
        }
        metrics.peer(endpoint).sent(
            messageCount: 1, entryCount: 0, byteCount: message.readableBytes)
    }

    public func connect(to endpoint: String) async throws {
        do {
            _ = try await client(endpoint).listActions()
        } catch {
            throw Self.failure(error, endpoint)
        }
    }

    public func disconnect(from endpoint: String) async {
        guard let parsed = try? Endpoint(endpoint) else { return }
        let clients = state.withLockedValue { state in
            state.calledEndpoints.remove(endpoint)
            return state.clients
        }
        await clients?.close(FlightAddress(host: parsed.host, port: parsed.port))
    }

    private static func failure(_ error: any Error, _ endpoint: String) -> any Error {
        guard let error = error as? FlightError else { return error }
        return RaftError(
            .transport, "peer \(endpoint): \(error.message)", cause: error)
    }

    /// The client for calls beside the Raft streams: messages one by one, and snapshots.
    func client(_ endpoint: String) throws(RaftError) -> FlightClient {
        let parsed = try Endpoint(endpoint)
        let directory: FlightClientDirectory? = state.withLockedValue { state in
            guard !state.isStopped else { return nil }
            state.calledEndpoints.insert(endpoint)
            if let clients = state.clients { return clients }
            let clients = makeClients(state.tls)
            state.clients = clients
            return clients
        }
        guard
            let client = try? directory?.take(FlightAddress(host: parsed.host, port: parsed.port))
        else {
            throw RaftError(.stopped, "the transport of \(localEndpoint) has stopped")
        }
        return client
    }

    private func makeClients(_ tls: RaftTLS?) -> FlightClientDirectory {
        var template = clientConfiguration(nil, tls)
        template.reconnectBackoff.pauseMax = .milliseconds(500)
        return FlightClientDirectory(
            template: template, serversMax: .max, eventLoopGroup: eventLoopGroup,
            logger: clientLogger)
    }

    /// How a peer is called.
    func clientConfiguration(_ peer: Endpoint) -> FlightClientConfiguration {
        clientConfiguration(peer, state.withLockedValue { $0.tls })
    }

    private func clientConfiguration(
        _ peer: Endpoint?, _ tls: RaftTLS?
    ) -> FlightClientConfiguration {
        var configuration = peerConfiguration ?? FlightClientConfiguration(host: "", port: 0)
        if let peer {
            configuration.host = peer.host
            configuration.port = peer.port
        }
        configuration.metricsFactory = metricsFactory
        if configuration.tls == nil { configuration.tls = tls?.client }
        return configuration
    }

    // MARK: The Raft server on top

    /// Takes over the TLS that a Raft server's configuration names. Before ``start()``.
    func adopt(_ tls: RaftTLS) {
        state.withLockedValue { $0.tls = tls }
    }

    func attach(_ receiver: any RaftTransportReceiver) {
        state.withLockedValue { $0.receiver = receiver }
    }

    /// How the endpoint and the connections to peers do.
    public var health: [HealthComponent: HealthStatus] {
        let (receiver, isListening) = state.withLockedValue { ($0.receiver, $0.server != nil) }
        var health = receiver?.health ?? [:]
        health[.transport] =
            isListening
            ? .healthy
            : .unhealthy(reason: "\(localEndpoint) isn't listened on; start the transport")
        return health
    }

    var receiver: (any RaftTransportReceiver)? { state.withLockedValue { $0.receiver } }

    /// Makes the end of a peer's new stream; nil once the transport stops.
    func inboundStream(_ stream: FlightStream) -> RaftInboundStream? {
        let inbound = RaftInboundStream(stream, transport: self)
        return state.withLockedValue { state in
            guard !state.isStopped else { return nil }
            state.inbound[ObjectIdentifier(inbound)] = inbound
            return inbound
        }
    }

    func inboundStreamClosed(_ inbound: RaftInboundStream) {
        state.withLockedValue { _ = $0.inbound.removeValue(forKey: ObjectIdentifier(inbound)) }
    }

    /// Takes a message that isn't Raft's.
    func takeForeign(_ bytes: ByteBuffer, from sender: String) throws(FlightError) {
        guard inbox.put(RaftTransportMessage(sender: sender, bytes: bytes)) else {
            throw FlightError(
                .resourceExhausted,
                "the inbox of \(localEndpoint) is full: its owner reads too slowly; send again later"
            )
        }
        // A sender's name is what it says itself: one that this side hasn't called has no count of its own.
        let isKnown = state.withLockedValue { $0.calledEndpoints.contains(sender) }
        metrics.peer(isKnown ? sender : "other").received(
            messageCount: 1, entryCount: 0, byteCount: bytes.readableBytes)
    }
}

/// What a transport hands up: the peers of a Raft server.
protocol RaftTransportReceiver: AnyObject, Sendable {
    /// Checks who speaks and says who answers.
    func greet(_ hello: RaftHello) async throws(FlightError) -> RaftHello
    /// A batch from a peer that was greeted; from any thread.
    func received(
        _ batch: RaftBatch, group: RaftGroupID, from peer: RaftNodeID, byteCount: Int)
    /// A part of a snapshot's file.
    func readSnapshot(_ name: SnapshotStore.Name, group: RaftGroupID, at offset: UInt64)
        async throws -> ByteBuffer
    /// Ends the streams to peers, so that a graceful shutdown doesn't wait for them.
    func transportStops() async
    /// How the connections to peers do.
    var health: [HealthComponent: HealthStatus] { get }
}

/// The names that `docs/formats/raft-wire.md` gives to calls.
enum RaftWire {
    static let pathHead = "raft"
    static let messageAction = "raft.message"
    /// The header by which a `DoExchange` call is known as a peer's before its first message.
    static let clusterHeader = "marble-cluster-bin"
    static let snapshotTicketHead = "raft.snapshot"
}
