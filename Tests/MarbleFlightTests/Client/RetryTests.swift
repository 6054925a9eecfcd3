import MarbleFlight
import NIOCore
import NIOHPACK
import Testing

/// Calls that the client makes again, against a server that says when.
@Suite(.timeLimit(.minutes(5)))
struct RetryTests {
    private func withServer(
        _ script: @escaping @Sendable (Int, HPACKHeaders) -> ScriptedServer.Answer,
        configure: (inout FlightClientConfiguration) -> Void = { _ in },
        _ body: (ScriptedServer, FlightClient) async throws -> Void
    ) async throws {
        let server = ScriptedServer(script)
        let port = try await server.start()
        var configuration = FlightClientConfiguration.patient(host: "127.0.0.1", port: port)
        configuration.retry.backoff = FlightBackoff(pauseMin: .milliseconds(1))
        configure(&configuration)
        let client = FlightClient(configuration: configuration)
        try await body(server, client)
        await client.close()
        try await server.stop()
    }

    @Test func `a stream that was refused is made again, whatever its method`() async throws {
        try await withServer({ number, _ in number < 2 ? .refuse : .status(0) }) { server, client in
            let results = try await client.doAction(FlightAction(type: "drop"))
            #expect(results.isEmpty)
            #expect(
                server.received.map { $0.first(name: "grpc-previous-rpc-attempts") }
                    == [nil, "1", "2"])
        }
        try await withServer({ number, _ in number == 0 ? .refuse : .status(0) }) {
            server, client in
            for try await _ in try await client.doGet(FlightTicket("t")) {}
            #expect(server.received.count == 2)
        }
    }

    @Test(arguments: [FlightMethod.getFlightInfo, .doAction])
    func `an end without a status is unknown, and not asked for again`(
        method: FlightMethod
    ) async throws {
        try await withServer({ _, _ in .noStatus }) { server, client in
            let error = await flightError {
                if method == .doAction {
                    _ = try await client.doAction(FlightAction(type: "drop"))
                } else {
                    _ = try await client.getFlightInfo(.path(["x"]))
                }
            }
            #expect(error?.code == .unknown)
            #expect(server.received.count == 1)
        }
    }

    @Test func `a call that GOAWAY came before is made again on another connection`() async throws {
        try await withServer({ number, _ in number == 0 ? .goAway : .status(0) }) {
            server, client in
            let results = try await client.doAction(FlightAction(type: "drop"))
            #expect(results.isEmpty)
            #expect(server.received.count == 2)
        }
    }

    @Test func `a reading call is made again when the server is unavailable, an action is not`()
        async throws
    {
        try await withServer({ number, _ in number == 0 ? .status(14) : .status(0) }) {
            server, client in
            _ = try await client.listActions()
            #expect(server.received.count == 2)
        }
        try await withServer({ _, _ in .status(14) }) { server, client in
            let error = await flightError { _ = try await client.doAction(.init(type: "drop")) }
            #expect(error?.code == .unavailable)
            #expect(error?.isUnprocessed == false)
            #expect(server.received.count == 1)
        }
    }

    @Test func `attempts end with the last error`() async throws {
        try await withServer({ _, _ in .refuse }) { server, client in
            let error = await flightError { _ = try await client.listActions() }
            #expect(error?.code == .unavailable)
            #expect(error?.isUnprocessed == true)
            #expect(server.received.count == 3)
            let once = FlightCallOptions(retry: .never)
            _ = await flightError { _ = try await client.listActions(options: once) }
            #expect(server.received.count == 4)
        }
    }

    @Test func `a server that doesn't want to be asked again isn't`() async throws {
        try await withServer({ _, _ in .status(14, [("grpc-retry-pushback-ms", "-1")]) }) {
            server, client in
            _ = await flightError { _ = try await client.listActions() }
            #expect(server.received.count == 1)
        }
    }

    @Test func `while too many calls fail none is repeated`() async throws {
        try await withServer({ _, _ in .status(14) }) {
            $0.retryThrottle = FlightRetryThrottle(tokensMax: 4)
        } _: { server, client in
            _ = await flightError { _ = try await client.listActions() }
            // The second failure took the tokens down to half.
            #expect(server.received.count == 2)
            _ = await flightError { _ = try await client.listActions() }
            #expect(server.received.count == 3)
        }
    }

    @Test func `all attempts together have the call's time`() async throws {
        try await withServer({ _, _ in .status(14, [("grpc-retry-pushback-ms", "60000")]) }) {
            server, client in
            let options = FlightCallOptions(timeout: .seconds(10))
            let error = await flightError { _ = try await client.listActions(options: options) }
            #expect(error?.code == .unavailable)
            #expect(server.received.count == 1)
        }
    }

    @Test func `a hedged call is answered by the attempt that is`() async throws {
        try await withServer({ number, _ in number == 0 ? .silence : .status(0) }) {
            server, client in
            let options = FlightCallOptions(hedging: .init(delay: .milliseconds(20)))
            #expect(try await client.listActions(options: options).isEmpty)
            #expect(server.received.count == 2)
            #expect(server.received[1].first(name: "grpc-previous-rpc-attempts") == "1")
            try await eventually("the slow attempt is cancelled") { client.health.callsOpen == 0 }
        }
    }

    @Test func `headers and trailers are those of the attempt that counts`() async throws {
        let answer: @Sendable (Int, HPACKHeaders) -> ScriptedServer.Answer = { number, _ in
            .status(number == 0 ? 14 : 0, [("x-number", "\(number)")])
        }
        try await withServer(answer) { _, client in
            let response = FlightResponseMetadata()
            _ = try await client.listActions(options: .init(responseMetadata: response))
            #expect(response.trailers.first("x-number") == "1")
        }
        try await withServer({ number, _ in
            number == 0 ? .silence : .status(0, [("x-number", "1")])
        }) { _, client in
            let response = FlightResponseMetadata()
            let options = FlightCallOptions(
                hedging: .init(delay: .milliseconds(20)), responseMetadata: response)
            _ = try await client.listActions(options: options)
            #expect(response.trailers.first("x-number") == "1")
        }
        try await withServer({ _, _ in .status(5, [("x-number", "0")]) }) { _, client in
            let response = FlightResponseMetadata()
            let options = FlightCallOptions(
                hedging: .init(delay: .seconds(60)), responseMetadata: response)
            _ = await flightError { _ = try await client.listActions(options: options) }
            #expect(response.trailers.first("x-number") == "0")
        }
    }

    @Test func `a hedged call ends with an error that another attempt wouldn't mend`() async throws
    {
        try await withServer({ _, _ in .status(5) }) { server, client in
            let options = FlightCallOptions(hedging: .init(delay: .seconds(60)))
            let error = await flightError { _ = try await client.listActions(options: options) }
            #expect(error?.code == .notFound)
            #expect(server.received.count == 1)
        }
    }

    @Test func `a hedged call that fails is made again at once, and an action never is`()
        async throws
    {
        try await withServer({ number, _ in number == 0 ? .status(14) : .status(0) }) {
            server, client in
            let options = FlightCallOptions(hedging: .init(delay: .seconds(60)))
            _ = try await client.listActions(options: options)
            #expect(server.received.count == 2)
        }
        try await withServer({ _, _ in .status(14) }) { server, client in
            let options = FlightCallOptions(hedging: .init(delay: .zero, attemptsMax: 5))
            let action = FlightAction(type: "drop")
            _ = await flightError { _ = try await client.doAction(action, options: options) }
            #expect(server.received.count == 1)
        }
    }

    @Test func `a call's own limits of messages hold`() async throws {
        try await MarbleFlightTests.withServer(TestService()) { _, client in
            let action = FlightAction(type: "echo", body: ByteBuffer(repeating: 1, count: 1000))
            _ = try await client.doAction(action)
            let sending = FlightCallOptions(sentMessageByteCountMax: 900)
            let tooLong = await flightError {
                _ = try await client.doAction(action, options: sending)
            }
            #expect(tooLong?.code == .resourceExhausted)
            #expect(tooLong?.message.contains("longer than the 900") == true)
            let receiving = FlightCallOptions(messageByteCountMax: 900)
            let refused = await flightError {
                _ = try await client.doAction(action, options: receiving)
            }
            #expect(refused?.code == .resourceExhausted)
        }
    }
}
