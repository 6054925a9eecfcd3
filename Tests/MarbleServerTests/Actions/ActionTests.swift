import Foundation
import MarbleArrow
import MarbleFlight
import NIOCore
import Testing

@testable import MarbleServer

extension ClusterTests {
    @Suite(.serialized) struct ActionTests {
        private static let schemaText = Data(
            ArrowIPC.encodeEncapsulatedSchema(TestCluster.schema(keyed: false))
        ).base64EncodedString()

        @Test func `tables are created and dropped through any node`() async throws {
            try await TestCluster.with { cluster in
                let (leader, follower) = try await cluster.leaderAndFollower()
                let body =
                    "{\"table\": \"t\", \"schema\": \"\(Self.schemaText)\", \"primary_key\": [\"id\"]}"
                let created = try await cluster.action("create_table", body, on: follower)
                #expect(created.contains("\"table\":\"t\""))
                let error = await #expect(throws: FlightError.self) {
                    try await cluster.action("create_table", body, on: leader)
                }
                #expect(error?.code == .alreadyExists)
                let info = try await cluster.clients[follower].getFlightInfo(.path(["t"]))
                #expect(info.endpoints.first?.locations.count == 3)
                _ = try await cluster.action("drop_table", "{\"table\": \"t\"}", on: follower)
                let missing = await #expect(throws: FlightError.self) {
                    _ = try await cluster.get("{\"table\": \"t\"}", on: follower)
                }
                #expect(missing?.code == .notFound)
                #expect(missing?.message.contains("\"t\"") == true)
            }
        }

        @Test func `status has the documented keys`() async throws {
            try await TestCluster.with(nodeCount: 1) { cluster in
                _ = try await cluster.leaderAndFollower()
                let status = try await cluster.action("status", on: 0)
                for key in [
                    "cluster_id", "node_id", "endpoint", "version", "groups", "group", "role",
                    "term",
                    "leader", "commit_index", "applied_index", "first_index", "last_index",
                    "members",
                    "kind", "match_index", "healthy",
                ] {
                    #expect(status.contains("\"\(key)\":"))
                }
            }
        }

        @Test func `a bad body is named, and an unknown action too`() async throws {
            try await TestCluster.with(nodeCount: 1) { cluster in
                _ = try await cluster.leaderAndFollower()
                for (action, body, name) in [
                    ("drop_table", "{}", "needs the key \"table\""),
                    ("drop_table", "{\"tabel\": \"t\"}", "unknown key \"tabel\""),
                    ("create_table", "{\"table\": \"t\", \"shema\": \"\"}", "\"shema\""),
                    (
                        "create_table", "{\"table\": \"t\", \"schema\": \"bm8gc2NoZW1h\"}",
                        "isn't an Arrow schema"
                    ),
                    ("drop_table", "{\"table\": \"t\", \"force\": true}", "force"),
                    ("drop_table", "{\"table\": 5}", "table"),
                    ("create_table", "{\"table\": \"t\", \"schema\": \"%\"}", "base64"),
                    ("create_table", "{\"table\": \"t\", \"schema\": \"AAAA\"}", "t"),
                    ("status", "{\"verbose\": true}", "verbose"),
                    ("drop_table", "{", "JSON"),
                ] {
                    let error = await #expect(throws: FlightError.self) {
                        try await cluster.action(action, body, on: 0)
                    }
                    #expect(error?.code == .invalidArgument, "\(action) \(body)")
                    #expect(error?.message.contains(name) == true, "\(action) \(body)")
                }
                let unknown = await #expect(throws: FlightError.self) {
                    try await cluster.action("explode", on: 0)
                }
                #expect(unknown?.code == .unimplemented)
                #expect(unknown?.message.contains("create_table") == true)
            }
        }

        @Test func `every action is listed with one line`() async throws {
            try await TestCluster.with(nodeCount: 1) { cluster in
                let actions = try await cluster.clients[0].listActions()
                for action in ServerAction.allCases {
                    let listed = actions.first { $0.type == action.rawValue }
                    #expect(listed?.description.isEmpty == false)
                }
            }
        }

        @Test func `leadership is handed to the node that is named`() async throws {
            try await TestCluster.with { cluster in
                let (_, follower) = try await cluster.leaderAndFollower()
                _ = try await cluster.action(
                    "transfer_leadership", "{\"node_id\": \(follower + 1)}", on: follower)
                let deadline = ContinuousClock.now + .seconds(120)
                var leads = false
                while !leads, ContinuousClock.now < deadline {
                    leads = try await cluster.action("status", on: follower)
                        .contains("\"role\":\"leader\"")
                }
                #expect(leads)
            }
        }
    }
}
