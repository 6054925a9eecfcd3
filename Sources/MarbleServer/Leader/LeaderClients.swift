internal import Logging
internal import MarbleCluster
internal import MarbleFlight
internal import MarbleMetrics
internal import NIOConcurrencyHelpers
internal import NIOCore

/// This node's clients to other nodes, one an endpoint, made when first needed.
final class LeaderClients: Sendable {
    private struct State {
        var clients: [String: FlightClient] = [:]
        var isClosed = false
    }

    private let group: any EventLoopGroup
    private let logger: Logger
    private let messageByteCountMax: Int
    private let connectTimeout: Duration
    private let metrics: MetricsRegistry
    private let state = NIOLockedValueBox(State())

    init(
        group: any EventLoopGroup, messageByteCountMax: Int, connectTimeout: Duration,
        metrics: MetricsRegistry, logger: Logger
    ) {
        self.metrics = metrics
        self.connectTimeout = connectTimeout
        self.group = group
        self.messageByteCountMax = messageByteCountMax
        self.logger = logger
    }

    func client(for endpoint: String) throws(FlightError) -> FlightClient {
        let address: Endpoint
        do {
            address = try Endpoint(endpoint)
        } catch {
            throw FlightError(error)
        }
        let client = state.withLockedValue { state -> FlightClient? in
            if state.isClosed { return nil }
            if let client = state.clients[endpoint] { return client }
            var configuration = FlightClientConfiguration(host: address.host, port: address.port)
            configuration.messageByteCountMax = messageByteCountMax
            configuration.connectTimeout = connectTimeout
            configuration.metricsFactory = metrics
            // Nodes come back, and another leader may be there: long pauses would only hold up writes.
            configuration.reconnectBackoff.pauseMax = .milliseconds(500)
            let client = FlightClient(
                configuration: configuration, eventLoopGroup: group, logger: logger)
            state.clients[endpoint] = client
            return client
        }
        guard let client else { throw FlightError(.unavailable, "this node is stopping") }
        return client
    }

    func close() async {
        let clients = state.withLockedValue { state -> [FlightClient] in
            state.isClosed = true
            defer { state.clients.removeAll() }
            return Array(state.clients.values)
        }
        for client in clients { await client.close() }
    }
}
