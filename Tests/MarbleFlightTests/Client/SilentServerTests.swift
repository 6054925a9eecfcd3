import MarbleFlight
import NIOCore
import Testing

/// The client against a server that begins with HTTP/2 and never says a word more.
@Suite(.timeLimit(.minutes(5)))
struct SilentServerTests {
    private func withSilentServer(
        behindItsSettings words: ByteBuffer = ByteBuffer(),
        _ configure: (inout FlightClientConfiguration) -> Void = { _ in },
        _ body: (FlightClient) async throws -> Void
    ) async throws {
        let server = SilentServer(behindItsSettings: words)
        var configuration = FlightClientConfiguration.patient(
            host: "127.0.0.1", port: try await server.start())
        configure(&configuration)
        let client = FlightClient(configuration: configuration)
        try await body(client)
        await client.close()
        try await server.stop()
    }

    @Test func `a call ends at its deadline by itself`() async throws {
        try await withSilentServer { client in
            let options = FlightCallOptions(timeout: .milliseconds(200))
            let error = await flightError { _ = try await client.listActions(options: options) }
            #expect(error?.code == .deadlineExceeded)
        }
    }

    @Test func `a call ends when its task is cancelled`() async throws {
        try await withSilentServer { client in
            let task = Task { await flightError { _ = try await client.listActions() } }
            try await Task.sleep(for: .milliseconds(100))
            task.cancel()
            let error = await task.value
            #expect(error?.code == .cancelled)
        }
    }

    /// - Parameter reason: Stands behind the code, in the debug data.
    private func goAway(_ code: UInt32, _ reason: String = "") -> ByteBuffer {
        var payload = ByteBuffer()
        // The last stream that there may be.
        payload.writeMultipleIntegers(UInt32(1 << 31 - 1), code)
        payload.writeString(reason)
        var frame = ByteBuffer()
        frame.writeFrame(type: 7, flags: 0, stream: 0, payload: payload)
        return frame
    }

    @Test func `a call that nothing was written of goes on after GOAWAY`() async throws {
        // NO_ERROR.
        try await withSilentServer(behindItsSettings: goAway(0)) { client in
            let options = FlightCallOptions(retry: .never)
            let error = await flightError { _ = try await client.listActions(options: options) }
            #expect(error?.code == .unavailable)
            // It has been on several connections.
            #expect(error?.message.contains("end as soon as they stand") == true)
        }
    }

    @Test(arguments: [("", "it asks for TLS"), ("no RC4, please", "no RC4, please")])
    func `a server that the connection isn't secure enough for isn't asked again`(
        reason: String, words: String
    ) async throws {
        // INADEQUATE_SECURITY.
        try await withSilentServer(behindItsSettings: goAway(12, reason)) { client in
            let error = await flightError { _ = try await client.listActions() }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("refuses this connection: \(words)") == true)
        }
    }

    @Test func `a server that gives no sign of life is given up`() async throws {
        try await withSilentServer({
            $0.keepaliveInterval = .milliseconds(50)
            $0.keepaliveTimeout = .milliseconds(50)
        }) { client in
            let error = await flightError { _ = try await client.listActions() }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("sign of life") == true)
        }
    }
}
