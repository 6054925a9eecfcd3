import MarbleFlight
import NIOConcurrencyHelpers
import TestCertificates
import Testing

/// A client of several servers, and TLS.
@Suite(.timeLimit(.minutes(5)))
struct FlightClusterTLSTests {
    private let authority: TestAuthority
    private let identity: FlightTLSIdentity

    init() async throws {
        authority = try await TestAuthority()
        identity = FlightTLSIdentity(try await authority.issue("server"))
    }

    private var roots: FlightTrustRoots { .pem(.file(authority.root.certificatePath)) }

    /// Runs `body` with servers that speak nothing but TLS. The client trusts them unless `configure` says
    /// otherwise.
    private func withTLSCluster(
        _ count: Int, configure: (inout FlightClusterConfiguration) -> Void = { _ in },
        serverConfiguration: (inout FlightServerConfiguration) -> Void = { _ in },
        _ body: (FlightClusterClient, [ReplicaService], [FlightServer]) async throws -> Void
    ) async throws {
        defer { authority.remove() }
        try await withCluster(
            count,
            configure: {
                $0.client.tls = FlightClientTLS(trustRoots: roots)
                configure(&$0)
            },
            serverConfiguration: {
                $0.tls = FlightServerTLS(identity: identity)
                serverConfiguration(&$0)
            }, body)
    }

    /// The same places, written as those of servers without TLS.
    private func withoutTLS(_ locations: [FlightLocation]) -> [FlightLocation] {
        locations.compactMap(\.address).map { FlightLocation(host: $0.host, port: $0.port) }
    }

    private func partCount(_ reader: FlightPartReader) async throws -> Int {
        var count = 0
        for try await _ in reader { count += 1 }
        return count
    }

    @Test func `flights are found and read over TLS, and servers keep their scheme`() async throws {
        try await withTLSCluster(2) { cluster, services, _ in
            let places = services[0].places
            #expect(places.allSatisfy { $0.uri.hasPrefix("grpc+tls://") })
            let spread = try await cluster.getFlightInfo(.path(["spread"]))
            #expect(spread.endpoints.allSatisfy { $0.locations == places })
            #expect(try await partCount(cluster.read(spread)) == 180)
            #expect(Set(cluster.health.keys) == Set(places))
            #expect(cluster.health.values.allSatisfy { $0.isHealthy })
        }
    }

    @Test func `locations that a TLS server leaves open are its own`() async throws {
        try await withTLSCluster(1) { cluster, services, _ in
            let open = try await cluster.getFlightInfo(.path(["open"]))
            #expect(open.endpoints.map(\.locations) == [services[0].places, services[0].places])
            #expect(try await partCount(cluster.read(open)) == 2)
        }
    }

    @Test func `a client with TLS uses it where a location doesn't ask for it`() async throws {
        try await withTLSCluster(2, configure: { $0.locations = withoutTLS($0.locations) }) {
            cluster, services, servers in
            let places = services[0].places
            for service in services {
                service.locations.withLockedValue { $0 = withoutTLS($0) }
            }
            let spread = try await cluster.getFlightInfo(.path(["spread"]))
            #expect(spread.endpoints.allSatisfy { $0.locations == services[0].places })
            #expect(try await partCount(cluster.read(spread)) == 180)
            #expect(Set(cluster.health.keys) == Set(places))
            #expect(servers.allSatisfy { $0.counters.plaintextRefused == 0 })
        }
    }

    @Test func `a client with TLS never calls a server that has none`() async throws {
        defer { authority.remove() }
        try await withCluster(
            1, configure: { $0.client.tls = FlightClientTLS(trustRoots: roots) }
        ) { cluster, services, servers in
            let error = await flightError { _ = try await cluster.listActions() }
            #expect(error?.code == .unavailable)
            #expect(
                error?.message.contains("check that it speaks TLS") == true,
                "\(String(describing: error))")
            // That one of its locations asks for TLS is enough.
            var configuration = cluster.configuration
            configuration.client.tls = nil
            configuration.locations = [FlightLocation(uri: "grpc+tls://127.0.0.1:1")]
            let secured = try FlightClusterClient(configuration: configuration)
            let endpoint = FlightEndpoint(
                ticket: FlightTicket("t 1"), locations: services[0].places)
            let refusal = await flightError { _ = try await secured.doGet(endpoint) }
            #expect(refusal?.code == .unavailable)
            #expect(servers[0].counters.callsStarted == 0)
            await secured.close()
        }
    }

    @Test func `where only a location asks for TLS the system's roots count`() async throws {
        try await withTLSCluster(1, configure: { $0.client.tls = nil }) { cluster, services, _ in
            let error = await flightError { _ = try await cluster.listActions() }
            #expect(error?.code == .unavailable)
            #expect(
                error?.message.contains("isn't signed by a trusted root") == true,
                "\(String(describing: error))")
            #expect(services[0].callCount == 0)
        }
    }

    @Test func `a client without TLS uses it for endpoints that ask for it`() async throws {
        try await withTLSCluster(1) { cluster, services, servers in
            var configuration = cluster.configuration
            configuration.client.tls = nil
            configuration.locations = [FlightLocation(uri: "grpc+tcp://127.0.0.1:1")]
            let plain = try FlightClusterClient(configuration: configuration)
            let endpoint = FlightEndpoint(
                ticket: FlightTicket("t 1"), locations: services[0].places)
            let error = await flightError { _ = try await plain.doGet(endpoint) }
            #expect(
                error?.message.contains("isn't signed by a trusted root") == true,
                "\(String(describing: error))")
            #expect(servers[0].counters.plaintextRefused == 0)
            await plain.close()
        }
    }

    @Test func `a token goes to each server that is called`() async throws {
        let authenticator = TestAuthenticator()
        try await withTLSCluster(
            2, configure: { $0.client.authorization = { "Bearer r" } },
            serverConfiguration: { $0.authenticator = authenticator }
        ) { cluster, services, _ in
            for _ in 0..<4 { _ = try await cluster.listActions() }
            #expect(services.map(\.callCount) == [2, 2])
            let spread = try await cluster.getFlightInfo(.path(["spread"]))
            #expect(try await partCount(cluster.read(spread)) == 180)
            authenticator.revoke("r")
            let error = await flightError { _ = try await cluster.listActions() }
            #expect(error?.code == .unauthenticated)
        }
    }

    @Test func `servers that ask for a client certificate get the configuration's`() async throws {
        let client = FlightTLSIdentity(try await authority.issue("client"))
        let authenticator = TestAuthenticator()
        try await withTLSCluster(
            2, configure: { $0.client.tls?.identity = client },
            serverConfiguration: {
                $0.authenticator = authenticator
                $0.tls?.clientCertificates = .required(roots)
            }
        ) { cluster, services, _ in
            for _ in 0..<4 { _ = try await cluster.listActions() }
            #expect(services.map(\.callCount) == [2, 2])
        }
    }
}
