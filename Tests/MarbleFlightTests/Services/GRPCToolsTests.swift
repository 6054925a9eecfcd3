import MarbleFlight
import Testing

/// Health and reflection, asked for by the clients of gRPC's own Python packages.
@Suite(.enabled(if: PythonPeer.isAvailable, "needs a Python with grpcio"), .timeLimit(.minutes(5)))
struct GRPCToolsTests {
    @Test func `ordinary gRPC tools get health and descriptors`() async throws {
        let health = FlightHealth()
        var configuration = FlightServerConfiguration(host: "127.0.0.1")
        configuration.health = health
        let log = MiddlewareLog()
        configuration.middleware = [log.server("a")]
        let server = FlightServer(configuration: configuration, service: TestService())
        try await server.start()
        let port = try #require(server.boundPort)
        let peer = try PythonPeer(script: "grpc_health_and_reflection.py", ["127.0.0.1:\(port)"])
        defer { peer.stop() }
        let first = try peer.firstLine()
        #expect(first == "set")
        health.set(.notServing)
        health.set(.serving, for: "nobody")
        try peer.writeLine()
        let second = first == "set" ? try peer.firstLine() : ""
        #expect(second == "stop")
        async let shutdown: Void = server.shutdown(gracefully: .seconds(60))
        try peer.writeLine()
        let rest = try await peer.allOutput()
        #expect(rest == "ok\n")
        await shutdown
        // Middleware is for the calls of Flight.
        #expect(log.events.isEmpty)
    }
}
