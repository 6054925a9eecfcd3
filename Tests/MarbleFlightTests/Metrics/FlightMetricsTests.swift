import MarbleFlight
import MarbleMetrics
import NIOCore
import TestCertificates
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FlightMetricsTests {
    private let server = MetricsRegistry()
    private let client = MetricsRegistry()

    private func withCounted(_ body: (FlightServer, FlightClient) async throws -> Void) async throws
    {
        try await withServer(
            TestService(), clientConfiguration: { $0.metricsFactory = client },
            serverConfiguration: { $0.metricsFactory = server }, body)
    }

    /// The value of the samples that have these labels, summed up; of a histogram how many values it has.
    private func value(
        _ registry: MetricsRegistry, _ name: String, _ labels: [String: String] = [:]
    ) -> Double? {
        let samples = registry.families().first { $0.name == name }?.samples.filter { sample in
            labels.allSatisfy { wanted in
                sample.labels.contains { $0.name == wanted.key && $0.value == wanted.value }
            }
        }
        guard let samples, !samples.isEmpty else { return nil }
        return samples.reduce(0) { sum, sample in
            switch sample.value {
            case .number(let number): sum + number
            case .histogram(let buckets, _): sum + Double(buckets.last?.count ?? 0)
            }
        }
    }

    @Test func `calls are counted on both sides, by method and status`() async throws {
        try await withCounted { _, client in
            for _ in 0..<3 { _ = try await client.listActions() }
            _ = try? await client.doAction(FlightAction(type: "fail"))
        }
        for (registry, side) in [(server, "flight_server"), (client, "flight_client")] {
            try await eventually("\(side) has counted") {
                value(registry, "\(side)_calls_total", ["method": "ListActions", "status": "OK"])
                    == 3
            }
            let failed = ["method": "DoAction", "status": "FAILED_PRECONDITION"]
            #expect(value(registry, "\(side)_calls_total", failed) == 1)
            #expect(value(registry, "\(side)_calls_open") == 0)
            #expect(value(registry, "\(side)_call_duration_seconds") == 4)
            #expect(value(registry, "\(side)_connections") == 0)
        }
        #expect(value(server, "flight_server_connections_accepted_total") == 1)
        #expect(value(client, "flight_client_connects_total") == 1)
    }

    @Test func `calls of health and reflection are counted by their own names`() async throws {
        try await withCounted { _, client in
            try await RawPeer.callBuiltInMethods(port: client.configuration.port)
            try await eventually("the watch is over") {
                value(server, "flight_server_calls_open", ["method": "Health.Watch"]) == 0
            }
        }
        for (method, count) in [
            ("Health.Check", 1.0), ("Health.Watch", 1),
            ("ServerReflection.ServerReflectionInfo", 2),
        ] {
            #expect(value(server, "flight_server_calls_total", ["method": method]) == count)
            #expect(value(server, "flight_server_messages_sent_total", ["method": method]) == count)
        }
        let check = ["method": "Health.Check", "status": "OK"]
        #expect(value(server, "flight_server_calls_total", check) == 1)
        #expect(value(server, "flight_server_calls_total", ["method": "Handshake"]) == nil)
    }

    @Test func `messages and bytes are counted each way, and nothing is left queued`() async throws
    {
        try await withCounted { _, client in
            let call = client.doPut()
            for _ in 0..<10 {
                try await call.write(
                    FlightData(
                        descriptor: .path(["t"]), dataBody: ByteBuffer(repeating: 1, count: 5000)))
            }
            call.finishWriting()
            var count = 0
            for try await _ in call.responses { count += 1 }
            #expect(count == 10)
        }
        let put = ["method": "DoPut"]
        for (from, to, sent, received) in [
            (client, server, "flight_client", "flight_server"),
            (server, client, "flight_server", "flight_client"),
        ] {
            #expect(value(from, "\(sent)_messages_sent_total", put) == 10)
            #expect(value(to, "\(received)_messages_received_total", put) == 10)
            let bytes = value(from, "\(sent)_bytes_sent_total", put)
            #expect(bytes != nil)
            #expect(value(to, "\(received)_bytes_received_total", put) == bytes)
            #expect(value(from, "\(sent)_bytes_queued", put) == 0)
        }
        #expect((value(client, "flight_client_bytes_sent_total", put) ?? 0) > 50_000)
    }

    @Test func `a reader that is too slow shows on both sides`() async throws {
        try await withCounted { _, client in
            let reader = try await client.doGet(FlightTicket("64 \(1 << 20)"))
            try await eventually("both wait") {
                (value(server, "flight_server_writing_pauses_total") ?? 0) > 0
                    && (value(server, "flight_server_bytes_queued") ?? 0) > 0
                    && (value(self.client, "flight_client_reading_pauses_total") ?? 0) > 0
            }
            for try await _ in reader {}
        }
        #expect(value(server, "flight_server_bytes_queued") == 0)
    }

    @Test func `only a connection in the place of one that ended is a reconnect`() async throws {
        var server = FlightServer(configuration: .init(host: "127.0.0.1"), service: TestService())
        try await server.start()
        let port = try #require(server.boundPort)
        var configuration = FlightClientConfiguration.patient(host: "127.0.0.1", port: port)
        configuration.metricsFactory = client
        let flight = FlightClient(configuration: configuration)
        _ = try await flight.listActions()
        for try await _ in try await flight.doGet(FlightTicket("1 1")) {}
        // One for small calls and one for bulk.
        #expect(value(client, "flight_client_connects_total") == 2)
        #expect(value(client, "flight_client_reconnects_total") == 0)
        await server.shutdown()
        try await eventually("the client has lost both") { flight.health.connectionsOpen == 0 }
        server = FlightServer(
            configuration: .init(host: "127.0.0.1", port: port), service: TestService())
        try await server.start()
        _ = try await flight.listActions()
        let peer = ["peer": "127.0.0.1:\(port)"]
        #expect(value(client, "flight_client_connects_total", peer) == 3)
        #expect(value(client, "flight_client_reconnects_total", peer) == 1)
        await flight.close()
        await server.shutdown()
    }

    @Test func `a server that isn't there is a failed connect`() async throws {
        var configuration = FlightClientConfiguration(host: "127.0.0.1", port: 1)
        configuration.metricsFactory = client
        let flight = FlightClient(configuration: configuration)
        _ = try? await flight.listActions()
        await flight.close()
        let peer = ["peer": "127.0.0.1:1"]
        #expect(value(client, "flight_client_connect_failures_total", peer) == 1)
        #expect(value(client, "flight_client_calls_total", ["status": "UNAVAILABLE"]) == 1)
        #expect(value(client, "flight_client_calls_open") == 0)
    }

    @Test func `a connection that speaks nothing known is a failed handshake`() async throws {
        try await withCounted { _, client in
            let peer = try await RawPeer.connect(port: client.configuration.port)
            try await peer.send("SSH-2.0-x\r\n")
            try await eventually("it is closed") { peer.isClosed }
            let good = try await RawPeer.connect(port: client.configuration.port)
            try await good.close()
            _ = try await client.listActions()
        }
        #expect(value(server, "flight_server_handshake_failures_total") == 1)
    }

    @Test func `credentials that are refused are counted`() async throws {
        try await withServer(
            TestService(),
            serverConfiguration: {
                $0.metricsFactory = server
                $0.authenticator = TestAuthenticator()
            }
        ) { _, client in
            _ = try? await client.listActions()
            for token in ["wrong", "r"] {
                _ = try? await client.listActions(
                    options: FlightCallOptions(metadata: ["authorization": "Bearer \(token)"]))
            }
        }
        #expect(value(server, "flight_server_authentication_failures_total") == 2)
    }

    @Test func `connections without TLS that are refused are counted once`() async throws {
        let authority = try await TestAuthority()
        defer { authority.remove() }
        let identity = FlightTLSIdentity(try await authority.issue("server"))
        try await withServer(
            TestService(),
            serverConfiguration: {
                $0.metricsFactory = server
                $0.handshakeTimeout = .seconds(2)
                $0.tls = FlightServerTLS(identity: identity)
            }
        ) { server, client in
            _ = try? await client.listActions()
            let peer = try await RawPeer.connect(port: client.configuration.port)
            // Without reading its answer it doesn't go: the server ends the connection.
            try await peer.pauseReading()
            try await peer.send("GET /health HTTP/1.1\r\nHost: t\r\n\r\n")
            try await eventually("the server has ended both connections") {
                value(self.server, "flight_server_plaintext_refused_total") == 2
                    && server.counters.connectionsOpen == 0
            }
            try await peer.close()
        }
        #expect(value(server, "flight_server_plaintext_refused_total") == 2)
        #expect(value(server, "flight_server_handshake_failures_total") == 0)
    }

    @Test func `plain HTTP requests are counted by status`() async throws {
        try await withCounted { _, client in
            let peer = try await RawPeer.connect(port: client.configuration.port)
            try await peer.send("GET /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
            try await eventually("it is answered") { peer.isClosed }
        }
        #expect(value(server, "flight_server_http_requests_total", ["status": "404"]) == 1)
    }
}
