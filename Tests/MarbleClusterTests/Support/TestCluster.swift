import Foundation
import Logging
import MarbleCluster
import MarbleRaft
import NIOCore
import NIOPosix
import Testing

/// Nodes in this process, over real sockets and real files.
final class TestCluster {
    let config: RaftClusterConfig
    let root: String
    private(set) var servers: [RaftServer?]
    private(set) var tallies: [Tally]

    init(
        count: Int, snapshotDistance: UInt64 = 10_000,
        electionTimeout: Duration = .milliseconds(300)
    ) throws {
        let ports = try Self.freePorts(count)
        config = RaftClusterConfig(
            clusterID: "test", nodeEndpoints: ports.map { "127.0.0.1:\($0)" },
            electionTimeout: electionTimeout, heartbeatInterval: .milliseconds(50),
            snapshotDistance: snapshotDistance)
        root = NSTemporaryDirectory() + "marble-cluster-\(UUID().uuidString)"
        servers = Array(repeating: nil, count: count)
        tallies = (0..<count).map { _ in Tally() }
    }

    func directory(_ node: Int) -> String { "\(root)/node-\(node)" }

    @discardableResult
    func start(
        _ node: Int, config other: RaftClusterConfig? = nil, logStore: (any RaftLogStore)? = nil
    ) async throws -> RaftServer {
        tallies[node] = Tally()
        var logger = Logger(label: "node-\(node)")
        logger.logLevel = .critical
        let server = RaftServer(
            config: other ?? config,
            transport: ArrowFlightTransport(
                localEndpoint: config.nodeEndpoints[node], logger: logger),
            stateMachine: tallies[node], dataDirectory: directory(node), logStore: logStore,
            logger: logger)
        try await server.start()
        servers[node] = server
        return server
    }

    func startAll() async throws {
        for node in servers.indices { try await start(node) }
    }

    func stop(_ node: Int) async {
        await servers[node]?.stop()
        servers[node] = nil
    }

    func stopAll() async {
        for node in servers.indices { await stop(node) }
        try? FileManager.default.removeItem(atPath: root)
    }

    func leader() async throws -> RaftServer {
        try await eventually("a leader") {
            servers.compactMap { $0 }.first { $0.isLeader }
        }
    }

    /// Returns once the leader counts every node: at a cluster's first start that takes word from
    /// all peers.
    func allCount() async throws -> RaftServer {
        try await eventually("the leader counts all nodes") {
            for server in servers.compactMap({ $0 }) where server.isLeader {
                let members = try await server.status.members
                if members.allSatisfy({ $0.kind == .voter && ($0.matchIndex ?? 0) > 0 }) {
                    return server
                }
            }
            return nil
        }
    }

    /// Writes through whoever leads, again and again until it is committed.
    func write(_ text: String) async throws {
        _ = try await eventually("\(text) is committed") { () async -> Bool? in
            guard let leader = servers.compactMap({ $0 }).first(where: { $0.isLeader }) else {
                return nil
            }
            return (try? await leader.propose(ByteBuffer(string: text))) == nil ? nil : true
        }
    }

    static func freePorts(_ count: Int) throws -> [Int] {
        let group = MultiThreadedEventLoopGroup.singleton
        let channels = try (0..<count).map { _ in
            try ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).wait()
        }
        let ports = channels.compactMap { $0.localAddress?.port }
        for channel in channels { try channel.close().wait() }
        return ports
    }
}

struct DeadlineMissed: Error, CustomStringConvertible {
    var description: String
}

/// Polls until there is a value, for two minutes at most: tests that compute run beside this one, and
/// may keep the test runner's few threads busy for a while.
func eventually<T>(
    _ what: String, _ body: () async throws -> T?
) async throws -> T {
    let deadline = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < deadline {
        if let value = try await body() { return value }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw DeadlineMissed(description: "not in time: \(what)")
}
