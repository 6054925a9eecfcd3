import Foundation
import Logging
import MarbleCluster
import Testing

@testable import MarbleServer

extension ClusterTests {
    @Suite(.serialized) struct MarbleNodeTests {
        @Test func `a port that is taken is named`() async throws {
            try await TestCluster.with(nodeCount: 1) { cluster in
                let taken = cluster.nodes[0].configuration
                let directory = FileManager.default.temporaryDirectory
                    .appendingPathComponent("marble-test-\(UUID().uuidString)").path
                defer { try? FileManager.default.removeItem(atPath: directory) }
                let node = try MarbleNode(
                    configuration: try NodeConfiguration(
                        endpoint: taken.endpoint, nodeEndpoints: taken.nodeEndpoints,
                        clusterID: "other", dataDirectory: directory),
                    logging: TestCluster.quiet)
                let error = await #expect(throws: ServerError.self) { try await node.start() }
                #expect(error?.code == .endpoint)
                #expect(error?.message.contains("\(taken.endpoint.port)") == true)
            }
        }

        @Test func `a data directory in use is refused`() async throws {
            try await TestCluster.with(nodeCount: 1) { cluster in
                let running = cluster.nodes[0].configuration
                let node = try MarbleNode(configuration: running, logging: TestCluster.quiet)
                let error = await #expect(throws: ServerError.self) { try await node.start() }
                #expect(error?.message.contains(running.dataDirectory) == true)
            }
        }

        @Test func `a data directory that can't be made is named`() async throws {
            let endpoint = try Endpoint("127.0.0.1:1")
            let node = try MarbleNode(
                configuration: try NodeConfiguration(
                    endpoint: endpoint, nodeEndpoints: [endpoint], clusterID: "test",
                    dataDirectory: "/dev/null/data"),
                logging: TestCluster.quiet)
            let error = await #expect(throws: ServerError.self) { try await node.start() }
            #expect(error?.code == .dataDirectory)
            #expect(error?.message.contains("/dev/null") == true)
        }
    }
}
