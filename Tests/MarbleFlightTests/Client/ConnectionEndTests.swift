import NIOCore
import NIOHTTP2
import TestCertificates
import Testing

@testable import MarbleFlight

/// How a client ends its connections: those without calls, and all when it is closed.
@Suite(.timeLimit(.minutes(5)))
struct ConnectionEndTests {
    private func withSilentServer(
        _ configure: (inout FlightClientConfiguration) -> Void = { _ in },
        _ body: (SilentServer, FlightClient) async throws -> Void
    ) async throws {
        let server = SilentServer()
        var configuration = FlightClientConfiguration.patient(
            host: "127.0.0.1", port: try await server.start())
        configure(&configuration)
        let client = FlightClient(configuration: configuration)
        try await body(server, client)
        await client.close()
        try await server.stop()
    }

    /// Waits until the client's first connection is closed, and looks at what it said last.
    private func expectGoAway(_ server: SilentServer) async throws {
        try await eventually("the connection is closed") {
            server.connections.first?.isClosed == true
        }
        let frames = try #require(server.connections.first?.frames)
        #expect(frames.last?.type == 7)
        #expect(frames.goAway == .noError)
    }

    /// Makes calls, and waits after each until the connection that it took has been ended.
    private func expectNewConnections(_ server: FlightServer, _ client: FlightClient) async throws {
        for count in 1...3 {
            #expect(try await client.listActions().count == 2)
            #expect(server.counters.connectionsAccepted == count)
            try await eventually("the connection is ended") {
                server.counters.connectionsOpen == 0 && client.health.connectionsOpen == 0
            }
            #expect(client.health.isHealthy)
            #expect(client.health.circuit == .closed)
            #expect(client.health.failureCount == 0)
        }
    }

    @Test(arguments: [true, false])
    func `nothing is left of a client that is closed, or dropped`(isClosed: Bool) async throws {
        try await withServer(TestService()) { server, _ in
            let port = try #require(server.boundPort)
            weak let pool = try await poolOfFormerClient(of: port, isClosed: isClosed)
            try await eventually("its memory is given back") { pool == nil }
        }
    }

    /// The pool of a client that was called, and that nobody has any more.
    private func poolOfFormerClient(of port: Int, isClosed: Bool) async throws -> ClientPool {
        let client = FlightClient(configuration: .patient(host: "127.0.0.1", port: port))
        #expect(try await client.listActions().count == 2)
        if isClosed {
            await client.close()
            // Also what comes too late leaves nothing.
            _ = await flightError { _ = try await client.listActions() }
        }
        return client.pool
    }

    @Test func `a connection without calls ends with GOAWAY`() async throws {
        try await withSilentServer({ $0.connectionIdleMax = .milliseconds(50) }) { server, client in
            client.probe()
            try await expectGoAway(server)
        }
    }

    @Test func `the next call makes another connection, and nothing counts as a failure`()
        async throws
    {
        try await withServer(
            TestService(), clientConfiguration: { $0.connectionIdleMax = .milliseconds(50) }
        ) { server, client in
            try await expectNewConnections(server, client)
        }
    }

    @Test func `connections with TLS end the same way`() async throws {
        let authority = try await TestAuthority()
        defer { authority.remove() }
        let identity = FlightTLSIdentity(try await authority.issue("server"))
        let roots = FlightTrustRoots.pem(.file(authority.root.certificatePath))
        try await withServer(
            TestService(),
            clientConfiguration: {
                $0.tls = FlightClientTLS(trustRoots: roots)
                $0.connectionIdleMax = .milliseconds(50)
            }, serverConfiguration: { $0.tls = FlightServerTLS(identity: identity) }
        ) { server, client in
            try await expectNewConnections(server, client)
        }
    }

    @Test func `a connection stays while a call is open on it, however silent`() async throws {
        try await withServer(
            TestService(), clientConfiguration: { $0.connectionIdleMax = .milliseconds(50) }
        ) { server, client in
            let call = client.doExchange()
            var answers = call.responses.makeAsyncIterator()
            try await call.write(FlightData(appMetadata: ByteBuffer(string: "x")))
            #expect(try await answers.next() != nil)
            // A small call has a connection of its own, which is without calls for as long.
            _ = try await client.listActions()
            try await eventually("that one is ended") { server.counters.connectionsOpen == 1 }
            try await call.write(FlightData(appMetadata: ByteBuffer(string: "y")))
            #expect(try await answers.next() != nil)
            call.finishWriting()
            #expect(try await answers.next() == nil)
            try await eventually("then this one is, too") { server.counters.connectionsOpen == 0 }
            #expect(server.counters.connectionsAccepted == 2)
        }
    }

    @Test func `a client that is closed says so to its server`() async throws {
        try await withSilentServer { server, client in
            client.probe()
            try await eventually("the connection stands") { client.health.connectionsOpen == 1 }
            await client.close()
            try await expectGoAway(server)
        }
    }

    @Test func `a client that is closed amid a call says so, too`() async throws {
        try await withSilentServer { server, client in
            let call = Task { await flightError { _ = try await client.listActions() } }
            try await eventually("the call has reached the server") {
                server.connections.first?.frames.contains { $0.type == 1 } == true
            }
            await client.close()
            #expect(await call.value != nil)
            try await expectGoAway(server)
        }
    }
}
