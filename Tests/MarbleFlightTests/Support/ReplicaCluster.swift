import MarbleFlight
import NIOConcurrencyHelpers

/// Runs `body` with servers that have the same, and a client of them all; they are gone afterwards.
func withCluster(
    _ count: Int, configure: (inout FlightClusterConfiguration) -> Void = { _ in },
    serverConfiguration: (inout FlightServerConfiguration) -> Void = { _ in },
    _ body: (FlightClusterClient, [ReplicaService], [FlightServer]) async throws -> Void
) async throws {
    let services = (0..<count).map { ReplicaService(number: $0) }
    var servers: [FlightServer] = []
    var locations: [FlightLocation] = []
    for service in services {
        var ours = FlightServerConfiguration(host: "127.0.0.1")
        serverConfiguration(&ours)
        let server = FlightServer(configuration: ours, service: service)
        try await server.start()
        servers.append(server)
        locations.append(
            FlightLocation(
                host: "127.0.0.1", port: server.boundPort ?? 0, usesTLS: ours.tls != nil))
    }
    for service in services { service.locations.withLockedValue { $0 = locations } }
    var configuration = FlightClusterConfiguration(locations: locations)
    configuration.client.connectTimeout = .seconds(60)
    configure(&configuration)
    let cluster = try FlightClusterClient(configuration: configuration)
    do {
        try await body(cluster, services, servers)
    } catch {
        await cluster.close()
        for server in servers { await server.shutdown() }
        throw error
    }
    await cluster.close()
    for server in servers { await server.shutdown() }
}
