import MarbleFlight
import NIOHPACK
import Testing

@Suite(.timeLimit(.minutes(5)))
struct BuiltInMethodTests {
    @Test func `a check without a request is refused by its own name`() async throws {
        try await withServer(TestService()) { _, client in
            let peer = try await RawPeer.connect(port: client.configuration.port)
            try await peer.sendPreface()
            let request = RawPeer.request("Check", service: "grpc.health.v1.Health")
            try await peer.send(try peer.headers(1, request, end: true))
            try await eventually("it is refused") { peer.hasResponseEnd(1) }
            let trailers = try #require(try peer.responseHeaders(1).last)
            #expect(
                trailers.first(name: "grpc-message")
                    == "Health.Check takes exactly one request message, and the call has none")
            try await peer.close()
        }
    }
}
