import Foundation
import MarbleCluster
import NIOCore

/// Three nodes in one process: each adds through the leader, and reads the sum on every node.
@main
struct CounterMain {
    static func main() async throws {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "marble-counter-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: directory) }

        let config = RaftClusterConfig(
            clusterID: "counter",
            nodeEndpoints: ["localhost:6001", "localhost:6002", "localhost:6003"],
            electionTimeout: .milliseconds(500), heartbeatInterval: .milliseconds(100))
        let counters = config.nodeEndpoints.map { _ in Counter() }
        let servers = zip(config.nodeEndpoints, counters).map { endpoint, counter in
            RaftServer(
                config: config, transport: ArrowFlightTransport(localEndpoint: endpoint),
                stateMachine: counter, dataDirectory: "\(directory)/\(endpoint)")
        }
        for server in servers { try await server.start() }

        for number in 1...10 { try await add(number, servers) }
        for (server, counter) in zip(servers, counters) {
            try await server.readIndex()
            print("\(server.transport.localEndpoint): \(counter.sum)")
        }
        for server in servers { await server.stop() }
    }

    /// Asks whoever leads; a new cluster takes a moment to elect a leader.
    static func add(_ number: Int, _ servers: [RaftServer]) async throws {
        while true {
            if let leader = servers.first(where: { $0.isLeader }) {
                let result = try await leader.propose(ByteBuffer(string: String(number)))
                print("added \(number): \(String(buffer: result.outcome))")
                return
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
