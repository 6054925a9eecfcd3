import Foundation
import Logging
import MarbleCluster
import Testing

@testable import MarbleServer

@Suite struct NodeConfigurationTests {
    /// Settings that are complete.
    private static let environment = [
        "MARBLE_ENDPOINT": "b:2", "MARBLE_NODE_ENDPOINTS": "a:1,b:2,[::1]:3",
        "MARBLE_CLUSTER_ID": "env", "MARBLE_DATA_DIR": "/env",
    ]

    private func withFile<Result>(
        _ text: String, _ body: (String) async throws -> Result
    ) async throws -> Result {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("marble-test-\(UUID().uuidString).json").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }

    private func load(
        _ flags: NodeSettings = NodeSettings(), environment: [String: String] = Self.environment,
        file: String? = nil
    ) async throws -> NodeConfiguration {
        guard let file else {
            return try await .load(flags: flags, environment: environment, file: nil)
        }
        return try await withFile(file) {
            try await .load(flags: flags, environment: environment, file: $0)
        }
    }

    private func message(
        _ flags: NodeSettings = NodeSettings(), environment: [String: String] = Self.environment,
        file: String? = nil
    ) async throws -> String {
        let error = await #expect(throws: ServerError.self) {
            try await load(flags, environment: environment, file: file)
        }
        let configurationError = try #require(error)
        #expect(configurationError.code == .configuration)
        return configurationError.message
    }

    @Test func `defaults are the reference's`() async throws {
        let configuration = try await load()
        #expect(configuration.electionTimeout == .milliseconds(1500))
        #expect(configuration.heartbeatInterval == .milliseconds(300))
        #expect(configuration.snapshotDistance == 10_000)
        #expect(configuration.enablePreVote)
        #expect(configuration.logLevel == .info)
    }

    @Test(arguments: [
        (64 << 10, 512 << 20), (64 << 20, 512 << 20), (256 << 20, 512 << 20),
        (257 << 20, 514 << 20), (1 << 30, 2 << 30),
    ])
    func `the largest request has room, also compressed`(limit: Int, room: Int) async throws {
        var flags = NodeSettings()
        flags.messageByteCountMax = limit
        #expect(try await load(flags).partialMessagesByteCountMax == room)
    }

    @Test func `a node's ID is its place in the list`() async throws {
        let configuration = try await load()
        #expect(configuration.nodeID == 2)
        #expect(configuration.nodeEndpoints.map(\.description) == ["a:1", "b:2", "[::1]:3"])
    }

    @Test func `the command line wins over the environment, and that over the file`() async throws {
        var flags = NodeSettings()
        flags.clusterID = "flag"
        var environment = Self.environment
        environment["MARBLE_SNAPSHOT_DISTANCE"] = "7"
        let configuration = try await load(
            flags, environment: environment,
            file: """
                {"cluster_id": "file", "snapshot_distance": 8, "heartbeat_interval_ms": 100,
                 "enable_pre_vote": false, "log_level": "debug"}
                """)
        #expect(configuration.clusterID == "flag")
        #expect(configuration.dataDirectory == "/env")
        #expect(configuration.snapshotDistance == 7)
        #expect(configuration.heartbeatInterval == .milliseconds(100))
        #expect(!configuration.enablePreVote)
        #expect(configuration.logLevel == .debug)
    }

    @Test func `parts of a node have levels of their own`() async throws {
        let file = "{\"log_levels\": [\"raft=debug\", \"flight.server=error\"]}"
        #expect(
            try await load(file: file).logLevels == [.raft: .debug, .flightServer: .error])
        var environment = Self.environment
        environment["MARBLE_LOG_LEVELS"] = "log=trace,node=warning"
        #expect(
            try await load(environment: environment, file: file).logLevels
                == [.log: .trace, .node: .warning])
    }

    @Test func `a file alone is enough`() async throws {
        let configuration = try await load(
            environment: [:],
            file: """
                {"endpoint": "a:1", "node_endpoints": ["a:1"], "cluster_id": "c",
                 "data_dir": "/d", "election_timeout_ms": 900, "enable_ssl": false}
                """)
        #expect(configuration.nodeID == 1)
        #expect(configuration.electionTimeout == .milliseconds(900))
    }

    @Test func `MARBLE_CONFIG names the file where no flag does`() async throws {
        let clusterID = try await withFile("{\"snapshot_distance\": 5}") { path in
            var environment = Self.environment
            environment["MARBLE_CONFIG"] = path
            return try await load(environment: environment).snapshotDistance
        }
        #expect(clusterID == 5)
    }

    @Test func `an unknown key in the file is named`() async throws {
        let message = try await message(file: "{\"election_timeout\": 5}")
        #expect(message.contains("\"election_timeout\""))
        #expect(message.contains("election_timeout_ms"))
    }

    @Test(arguments: [
        ("{\"snapshot_distance\": true}", "snapshot_distance"),
        ("{\"snapshot_distance\": \"10\"}", "snapshot_distance"),
        ("{\"node_endpoints\": \"a:1\"}", "node_endpoints"),
        ("{\"enable_pre_vote\": 1}", "enable_pre_vote"),
        ("{\"cluster_id\": null}", "cluster_id"),
        ("{\"enable_ssl\": true}", "tls_cert_path"),
        ("{\"tls_key_path\": \"k\"}", "enable_ssl"),
        ("{\"auth_session_key_path\": \"k\"}", "auth_tokens_path"),
        ("{\"log_level\": \"loud\"}", "log_level"),
        ("{\"log_levels\": \"raft=debug\"}", "log_levels"),
        ("{\"log_levels\": [\"raft\"]}", "component=level"),
        ("{\"log_levels\": [\"rft=debug\"]}", "flight.server"),
        ("{\"log_levels\": [\"raft=loud\"]}", "trace"),
        ("{\"election_timeout_ms\": -1}", "election_timeout_ms"),
        ("[1]", "object"),
        ("{\"cluster_id\": \"a\"", "JSON"),
    ])
    func `a file's flaw is named`(file: String, name: String) async throws {
        #expect(try await message(file: file).contains(name))
    }

    @Test func `a file that isn't there is named`() async throws {
        let error = await #expect(throws: ServerError.self) {
            try await NodeConfiguration.load(
                flags: NodeSettings(), environment: [:], file: "/nowhere/marble.json")
        }
        #expect(try #require(error).message.contains("/nowhere/marble.json"))
    }

    @Test func `a bad number in the environment is named by its variable`() async throws {
        var environment = Self.environment
        environment["MARBLE_ELECTION_TIMEOUT_MS"] = "soon"
        #expect(try await message(environment: environment).contains("MARBLE_ELECTION_TIMEOUT_MS"))
    }

    @Test(arguments: [
        "MARBLE_ENDPOINT", "MARBLE_NODE_ENDPOINTS", "MARBLE_CLUSTER_ID", "MARBLE_DATA_DIR",
    ])
    func `a missing setting says the three ways to give it`(variable: String) async throws {
        var environment = Self.environment
        environment[variable] = nil
        let message = try await message(environment: environment)
        #expect(message.contains("--"))
        #expect(message.contains(variable))
        #expect(message.contains("configuration file"))
    }

    @Test(arguments: ["5001", "host:", "host:x", "host:0", "host:65536", "::1:5001", ":5001"])
    func `an endpoint that isn't host and port is quoted`(endpoint: String) async throws {
        var flags = NodeSettings()
        flags.endpoint = endpoint
        #expect(try await message(flags).contains("\"\(endpoint)\""))
    }

    @Test func `a node list without the node itself is refused`() async throws {
        var flags = NodeSettings()
        flags.endpoint = "c:9"
        let message = try await message(flags)
        #expect(message.contains("c:9"))
        #expect(message.contains("--nodes"))
    }

    @Test func `an endpoint that is listed twice is refused`() async throws {
        var flags = NodeSettings()
        flags.nodeEndpoints = ["b:2", "b:2"]
        #expect(try await message(flags).contains("twice"))
    }

    @Test func `an election timeout must leave room for heartbeats`() async throws {
        var flags = NodeSettings()
        flags.electionTimeoutMilliseconds = 400
        #expect(try await message(flags).contains("election_timeout_ms"))
    }
}
