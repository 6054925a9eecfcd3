import Foundation
import Logging
import MarbleArrow
import MarbleCluster
import MarbleFlight
import NIOCore
import NIOPosix
import Testing

@testable import MarbleServer

/// A cluster in this process, over real sockets and files, with short timeouts.
final class TestCluster: Sendable {
    let nodes: [MarbleNode]
    let clients: [FlightClient]
    private let directory: String

    private init(nodes: [MarbleNode], clients: [FlightClient], directory: String) {
        self.nodes = nodes
        self.clients = clients
        self.directory = directory
    }

    static func with(
        nodeCount: Int = 3, _ body: (TestCluster) async throws -> Void
    ) async throws {
        let cluster = try await start(nodeCount: nodeCount)
        do {
            try await body(cluster)
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    /// Says nothing but what ends a node.
    static let quiet = NodeLogging(level: .critical) {
        StreamLogHandler.standardError(label: $0)
    }

    private static func start(nodeCount: Int) async throws -> TestCluster {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("marble-test-\(UUID().uuidString)").path
        let endpoints = try await freePorts(nodeCount).map {
            try Endpoint("127.0.0.1:\($0)")
        }
        var nodes: [MarbleNode] = []
        for (index, endpoint) in endpoints.enumerated() {
            let configuration = try NodeConfiguration(
                endpoint: endpoint, nodeEndpoints: endpoints, clusterID: "test",
                dataDirectory: "\(directory)/node-\(index + 1)",
                electionTimeout: .milliseconds(1000), heartbeatInterval: .milliseconds(100))
            nodes.append(try MarbleNode(configuration: configuration, logging: quiet))
        }
        for node in nodes { try await node.start() }
        let clients = endpoints.map {
            FlightClient(configuration: FlightClientConfiguration(host: $0.host, port: $0.port))
        }
        return TestCluster(nodes: nodes, clients: clients, directory: directory)
    }

    private func stop() async {
        for client in clients { await client.close() }
        await withTaskGroup(of: Void.self) { tasks in
            for node in nodes { tasks.addTask { await node.stop() } }
        }
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func freePorts(_ count: Int) async throws -> [Int] {
        var channels: [any Channel] = []
        for _ in 0..<count {
            channels.append(
                try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .bind(host: "127.0.0.1", port: 0).get())
        }
        let ports = channels.compactMap { $0.localAddress?.port }
        for channel in channels { try await channel.close() }
        return ports
    }

    /// The numbers, from 0, of the leader and of one follower.
    func leaderAndFollower() async throws -> (leader: Int, follower: Int) {
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
            for index in clients.indices {
                let status = try await action("status", on: index)
                if status.contains("\"role\":\"leader\"") {
                    return (index, (index + 1) % clients.count)
                }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TestFailure("no leader was elected")
    }

    func action(_ type: String, _ body: String = "", on node: Int) async throws -> String {
        let results = try await clients[node].doAction(
            FlightAction(type: type, body: ByteBuffer(string: body)))
        return results.map { String(buffer: $0.body) }.joined()
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
