import MarbleCluster
import MarbleFlight
import NIOCore
import TestCertificates
import Testing

/// Nodes whose configuration has `enable_ssl`.
@Suite("RaftTLS", .serialized)
struct RaftTLSTests {
    private func tls(_ authority: TestAuthority, _ name: String) async throws -> RaftTLS {
        let identity = try await authority.issue(name)
        return RaftTLS(
            certificatePath: identity.certificatePath, keyPath: identity.keyPath,
            rootCertificatesPath: authority.root.certificatePath)
    }

    private func start(_ cluster: TestCluster, _ node: Int, _ tls: RaftTLS) async throws {
        var config = cluster.config
        config.tls = tls
        try await cluster.start(node, config: config)
    }

    @Test func `nodes with certificates of one authority agree, and let nobody else in`()
        async throws
    {
        let authority = try await TestAuthority()
        defer { authority.remove() }
        let cluster = try TestCluster(count: 3)
        for node in 0..<3 {
            try await start(cluster, node, try await tls(authority, "node-\(node)"))
        }
        for number in 0..<10 { try await cluster.write("\(number)") }
        for node in 0..<3 {
            try await cluster.servers[node]?.readIndex()
            #expect(cluster.tallies[node].commands == (0..<10).map { "\($0)" })
        }

        let endpoint = try Endpoint(cluster.config.nodeEndpoints[0])
        let roots = FlightTrustRoots.pem(.file(authority.root.certificatePath))
        for tls in [nil, FlightClientTLS(trustRoots: roots)] {
            var configuration = FlightClientConfiguration(host: endpoint.host, port: endpoint.port)
            configuration.tls = tls
            let stranger = FlightClient(configuration: configuration)
            let error = await #expect(throws: FlightError.self) {
                _ = try await stranger.listActions()
            }
            #expect(error?.code == .unavailable, "\(error as Any)")
            await stranger.close()
        }
        await cluster.stopAll()
    }

    @Test func `a node with a certificate of another authority is left out`() async throws {
        let authority = try await TestAuthority()
        let other = try await TestAuthority("another authority")
        defer {
            authority.remove()
            other.remove()
        }
        let cluster = try TestCluster(count: 3)
        for node in 0..<3 {
            try await start(cluster, node, try await tls(authority, "node-\(node)"))
        }
        let leader = try await cluster.allCount()
        let node = try #require(cluster.servers.firstIndex { $0 !== leader })
        await cluster.stop(node)
        try await start(cluster, node, try await tls(other, "stranger"))
        for number in 0..<10 { try await cluster.write("\(number)") }
        #expect(cluster.tallies[node].commands.isEmpty)
        #expect(cluster.servers[node]?.leader == nil)
        await cluster.stopAll()
    }
}
