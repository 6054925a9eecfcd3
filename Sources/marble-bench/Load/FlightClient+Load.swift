import MarbleFlight
import NIOCore
import NIOPosix

extension FlightClient {
    /// Runs `body` with a client whose connections share one event loop: the thread that the whole load
    /// lives on, so that nothing of it needs a lock.
    static func withLoadClient<Result: Sendable>(
        to address: ServerAddress, tls: FlightClientTLS? = nil, connections: Int,
        _ body: (FlightClient, any EventLoop) async throws -> Result
    ) async throws -> Result {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        var configuration = FlightClientConfiguration(host: address.host, port: address.port)
        configuration.tls = tls
        configuration.connectionCount = connections
        configuration.bulkConnectionCount = connections
        let client = FlightClient(configuration: configuration, eventLoopGroup: eventLoop)
        do {
            let result = try await body(client, eventLoop)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }
}
