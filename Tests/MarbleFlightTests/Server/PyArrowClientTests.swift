import MarbleFlight
import Testing

/// The server against a client of the C++ implementation.
@Suite(.enabled(if: PythonPeer.isAvailable, "needs a Python with pyarrow"), .timeLimit(.minutes(5)))
struct PyArrowClientTests {
    @Test func `a pyarrow client gets its answers`() async throws {
        let server = FlightServer(configuration: .init(host: "localhost"), service: TestService())
        try await server.start()
        let port = try #require(server.boundPort)
        let peer = try PythonPeer(script: "client.py", ["grpc://localhost:\(port)"])
        let output = try await peer.allOutput()
        peer.stop()
        #expect(output == "ok\n")
        await server.shutdown()
    }
}
