import MarbleFlight
import Testing

/// The server against a client of the C++ implementation.
@Suite(.enabled(if: PythonPeer.isAvailable, "needs a Python with pyarrow"), .timeLimit(.minutes(5)))
struct PyArrowClientTests {
    /// Says the method in a header, and the status in a trailer.
    private struct Signature: FlightServerMiddleware {
        let call: FlightCall

        func sendingHeaders(_ headers: inout FlightMetadata) {
            headers.add("x-method", call.method.rawValue)
        }

        func sendingTrailers(_ trailers: inout FlightMetadata, status: FlightError?) {
            trailers.add("x-status", "\(status?.code ?? .ok)")
        }
    }

    @Test(arguments: zip(FlightCompression.allCases, ["0", "1", "2"]))
    func `a pyarrow client gets its answers, however both compress`(
        compression: FlightCompression, number: String
    ) async throws {
        var configuration = FlightServerConfiguration(host: "localhost")
        configuration.compression = compression
        configuration.middleware = [{ Signature(call: $0) }]
        let server = FlightServer(configuration: configuration, service: TestService())
        try await server.start()
        let port = try #require(server.boundPort)
        let peer = try PythonPeer(script: "client.py", ["grpc://localhost:\(port)", number])
        let output = try await peer.allOutput()
        peer.stop()
        #expect(output == "ok\n")
        await server.shutdown()
    }
}
