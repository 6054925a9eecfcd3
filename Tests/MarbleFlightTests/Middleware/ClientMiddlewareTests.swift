import MarbleFlight
import NIOConcurrencyHelpers
import NIOCore
import NIOHPACK
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ClientMiddlewareTests {
    private let log = MiddlewareLog()

    @Test func `middleware is called in order, adds headers and sees those that come back`()
        async throws
    {
        let middleware: [FlightClientMiddlewareFactory] = [
            log.client("a"), { _ in nil }, log.client("b"),
        ]
        try await withServer(
            TestService(), clientConfiguration: { $0.middleware = middleware }
        ) { _, client in
            let action = FlightAction(type: "headers", body: ByteBuffer(string: "x-b"))
            let results = try await client.doAction(action)
            #expect(results.map { String(buffer: $0.body) } == ["b"])
            #expect(
                log.events == [
                    "a begins DoAction 0", "b begins DoAction 0", "a sends", "b sends",
                    "a receives head", "b receives head", "a ends OK tail", "b ends OK tail",
                ])
        }
    }

    @Test func `middleware goes along with each attempt of a call`() async throws {
        let server = ScriptedServer { number, _ in number == 0 ? .refuse : .status(0) }
        let port = try await server.start()
        var configuration = FlightClientConfiguration.patient(host: "127.0.0.1", port: port)
        configuration.retry.backoff = FlightBackoff(pauseMin: .milliseconds(1))
        configuration.middleware = [log.client("a")]
        let client = FlightClient(configuration: configuration)
        _ = try await client.doAction(FlightAction(type: "drop"))
        #expect(server.received.map { $0["x-a"] } == [["a"], ["a"]])
        #expect(
            log.events == [
                "a begins DoAction 0", "a sends", "a ends UNAVAILABLE -",
                "a begins DoAction 1", "a sends", "a receives -", "a ends OK -",
            ])
        await client.close()
        try await server.stop()
    }

    @Test func `middleware sees streams of both levels, and how they end`() async throws {
        let middleware = [log.client("a")]
        try await withServer(
            TestService(), clientConfiguration: { $0.middleware = middleware }
        ) { _, client in
            for try await _ in try await client.doGet(FlightTicket("2 10")) {}
            let failed = await flightError {
                _ = try await client.streamAction(FlightAction(type: "fail"))
            }
            #expect(failed?.code == .failedPrecondition)
            let call = client.doExchange()
            call.cancel()
            let cancelled = await flightError { for try await _ in call.responses {} }
            #expect(cancelled?.code == .cancelled)
            let closing = Closing()
            let stream = client.openStream(.doPut, delegate: closing)
            stream.eventLoop.execute { stream.endInput() }
            try await eventually("the stream is over") { closing.hasCome }
        }
        #expect(
            log.events.filter { $0.contains("begins") } == [
                "a begins DoGet 0", "a begins DoAction 0", "a begins DoExchange 0",
                "a begins DoPut 0",
            ])
        #expect(
            log.events.filter { $0.contains(" ends") } == [
                "a ends OK -", "a ends FAILED_PRECONDITION -", "a ends CANCELLED -", "a ends OK -",
            ])
    }

    @Test func `middleware sees a call whose request is too long to be sent`() async throws {
        let middleware = [log.client("a")]
        try await withServer(
            TestService(), clientConfiguration: { $0.middleware = middleware }
        ) { _, client in
            let action = FlightAction(type: "echo", body: ByteBuffer(repeating: 1, count: 100))
            let error = await flightError {
                _ = try await client.doAction(action, options: .init(sentMessageByteCountMax: 10))
            }
            #expect(error?.code == .resourceExhausted)
            #expect(
                log.events == ["a begins DoAction 0", "a sends", "a ends RESOURCE_EXHAUSTED -"])
        }
    }

    @Test func `middleware sees a call that reaches no server`() async throws {
        var configuration = FlightClientConfiguration.patient(host: "127.0.0.1", port: 1)
        configuration.middleware = [log.client("a")]
        let client = FlightClient(configuration: configuration)
        _ = await flightError { _ = try await client.listActions() }
        #expect(
            log.events == ["a begins ListActions 0", "a sends", "a ends UNAVAILABLE -"])
        await client.close()
    }

    @Test func `middleware knows the server and the headers of its call`() async throws {
        let seen = NIOLockedValueBox<[String?]>([])
        try await withServer(
            TestService(),
            clientConfiguration: {
                $0.authorization = { "Bearer x" }
                $0.middleware = [
                    { call in
                        let values = [call.peerName, call.metadata.first("authorization")]
                        seen.withLockedValue { $0 += values }
                        return nil
                    }
                ]
            }
        ) { _, client in
            _ = try await client.listActions()
            let port = client.configuration.port
            #expect(seen.withLockedValue { $0 } == ["127.0.0.1:\(port)", "Bearer x"])
        }
    }
}

/// Keeps whether its stream is over.
private final class Closing: FlightStreamDelegate, Sendable {
    private let isOver = NIOLockedValueBox(false)

    var hasCome: Bool { isOver.withLockedValue { $0 } }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {}

    func flightStreamInputEnded(_ stream: FlightStream) {}

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        isOver.withLockedValue { $0 = true }
    }
}
