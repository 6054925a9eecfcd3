import Foundation
import MarbleCluster
import Testing

@Suite("RaftClusterConfig")
struct RaftClusterConfigTests {
    private static let valid = RaftClusterConfig(
        clusterID: "orders", nodeEndpoints: ["a:5001", "b:5001", "[::1]:5001"])

    struct Fault: Sendable, CustomTestStringConvertible {
        var field: String
        var change: @Sendable (inout RaftClusterConfig) -> Void
        var testDescription: String { field }

        init(_ field: String, _ change: @escaping @Sendable (inout RaftClusterConfig) -> Void) {
            self.field = field
            self.change = change
        }
    }

    @Test func `the defaults are valid`() throws {
        try Self.valid.validate()
    }

    @Test(
        arguments: [
            Fault("cluster_id") { $0.clusterID = "" },
            Fault("cluster_id") { $0.clusterID = "two\nlines" },
            Fault("cluster_id") { $0.clusterID = String(repeating: "x", count: 256) },
            Fault("node_endpoints") { $0.nodeEndpoints = [] },
            Fault("node_endpoints") { $0.nodeEndpoints = ["a:1", "b"] },
            Fault("node_endpoints") { $0.nodeEndpoints = ["a:1", "b:1", "a:1"] },
            Fault("election_timeout_ms") { $0.electionTimeout = .milliseconds(9) },
            Fault("election_timeout_ms") { $0.electionTimeout = .milliseconds(-1500) },
            Fault("election_timeout_ms") { $0.electionTimeout = .milliseconds(Int64.max) },
            Fault("heartbeat_interval_ms") { $0.heartbeatInterval = .zero },
            Fault("heartbeat_interval_ms") { $0.heartbeatInterval = .milliseconds(751) },
            Fault("snapshot_distance") { $0.snapshotDistance = 0 },
        ])
    func `a bad value is refused by its field's name`(_ fault: Fault) {
        var config = Self.valid
        fault.change(&config)
        let error = #expect(throws: RaftError.self) { try config.validate() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.hasPrefix(fault.field) == true, "\(error as Any)")
    }

    @Test func `values at the limits are taken`() throws {
        var config = Self.valid
        config.clusterID = String(repeating: "x", count: 255)
        config.electionTimeout = .milliseconds(10)
        config.heartbeatInterval = .milliseconds(5)
        config.snapshotDistance = .max
        try config.validate()
    }

    @Test func `a file has the reference's spelling`() throws {
        let text = """
            {"cluster_id": "orders", "node_endpoints": ["a:5001", "b:5001"],
             "election_timeout_ms": 3000, "heartbeat_interval_ms": 500,
             "snapshot_distance": 77, "enable_pre_vote": false}
            """
        let config = try JSONDecoder().decode(RaftClusterConfig.self, from: Data(text.utf8))
        let expected = RaftClusterConfig(
            clusterID: "orders", nodeEndpoints: ["a:5001", "b:5001"],
            electionTimeout: .seconds(3), heartbeatInterval: .milliseconds(500),
            snapshotDistance: 77, enablePreVote: false)
        #expect(config == expected)
        let encoded = try JSONEncoder().encode(config)
        let object = try #require(
            try JSONSerialization.jsonObject(with: encoded) as? [String: Any])
        #expect(
            object.keys.sorted() == [
                "cluster_id", "election_timeout_ms", "enable_pre_vote", "enable_ssl",
                "heartbeat_interval_ms", "node_endpoints", "snapshot_distance",
            ])
        #expect(try JSONDecoder().decode(RaftClusterConfig.self, from: encoded) == expected)
    }

    @Test func `a file with TLS names its three files, and without TLS none`() throws {
        let text = """
            {"cluster_id": "orders", "node_endpoints": ["a:5001"], "enable_ssl": true,
             "tls_cert_path": "c.pem", "tls_key_path": "k.pem", "tls_root_certs_path": "r.pem"}
            """
        let config = try JSONDecoder().decode(RaftClusterConfig.self, from: Data(text.utf8))
        #expect(
            config.tls
                == RaftTLS(
                    certificatePath: "c.pem", keyPath: "k.pem", rootCertificatesPath: "r.pem"))
        let encoded = try JSONEncoder().encode(config)
        #expect(try JSONDecoder().decode(RaftClusterConfig.self, from: encoded) == config)
    }

    @Test func `a file needs no more than the cluster's name and its nodes`() throws {
        let text = #"{"cluster_id": "orders", "node_endpoints": ["a:5001"]}"#
        let config = try JSONDecoder().decode(RaftClusterConfig.self, from: Data(text.utf8))
        #expect(config.electionTimeout == .milliseconds(1500))
        #expect(config.heartbeatInterval == .milliseconds(300))
        #expect(config.snapshotDistance == 10_000)
        #expect(config.enablePreVote)
    }

    @Test(
        arguments: [
            #"{"node_endpoints": ["a:1"]}"#, #"{"cluster_id": "orders"}"#,
            #"{"cluster_id": "", "node_endpoints": ["a:1"]}"#,
            #"{"cluster_id": "x", "node_endpoints": ["a:1"], "election_timeout_ms": 9223372036854775807}"#,
            #"{"cluster_id": "x", "node_endpoints": ["a:1"], "election_timeout_ms": -9223372036854775808}"#,
            #"{"cluster_id": "x", "node_endpoints": ["a:1"], "snapshot_distance": -1}"#,
            #"{"cluster_id": "x", "node_endpoints": ["a:1"], "enable_pre_vote": 3}"#,
            #"{"cluster_id": "x", "node_endpoints": ["a:1"], "enable_ssl": true}"#,
            #"{"cluster_id": "x", "node_endpoints": ["a:1"], "tls_cert_path": "c.pem"}"#,
        ])
    func `a file that isn't valid is refused`(_ text: String) {
        #expect(throws: (any Error).self) {
            _ = try JSONDecoder().decode(RaftClusterConfig.self, from: Data(text.utf8))
        }
    }

    @Test func `a node's ID is its endpoint's place in the list`() {
        #expect(Self.valid.nodeID(of: "a:5001") == 1)
        #expect(Self.valid.nodeID(of: "[::1]:5001") == 3)
        #expect(Self.valid.nodeID(of: "c:5001") == nil)
    }
}
