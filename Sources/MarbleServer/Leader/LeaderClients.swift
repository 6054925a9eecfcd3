internal import Logging
internal import MarbleCluster
internal import MarbleFlight
internal import MarbleMetrics
internal import NIOCore

/// This node's clients to other nodes, one an endpoint, made when first needed.
final class LeaderClients: Sendable {
    private let directory: FlightClientDirectory

    /// - Parameter peerConfiguration: TLS, and what nodes know this one by.
    init(
        _ peerConfiguration: FlightClientConfiguration, group: any EventLoopGroup,
        messageByteCountMax: Int, connectTimeout: Duration, metrics: MetricsRegistry,
        logger: Logger
    ) {
        var template = peerConfiguration
        template.messageByteCountMax = messageByteCountMax
        template.connectTimeout = connectTimeout
        // Nodes come back, and another leader may be there: long pauses would only hold up writes.
        template.reconnectBackoff.pauseMax = .milliseconds(500)
        template.metricsFactory = metrics
        directory = FlightClientDirectory(
            template: template, serversMax: .max, eventLoopGroup: group, logger: logger)
    }

    func client(for endpoint: String) throws(FlightError) -> FlightClient {
        let address: Endpoint
        do {
            address = try Endpoint(endpoint)
        } catch {
            throw FlightError(error)
        }
        do {
            return try directory.take(FlightAddress(host: address.host, port: address.port))
        } catch {
            throw FlightError(.unavailable, "this node is stopping", cause: error)
        }
    }

    func close() async {
        await directory.close()
    }
}
