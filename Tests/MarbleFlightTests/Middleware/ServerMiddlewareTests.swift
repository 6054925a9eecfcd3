import MarbleFlight
import NIOConcurrencyHelpers
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ServerMiddlewareTests {
    private let log = MiddlewareLog()

    @Test func `middleware is called in order, and adds headers and trailers to the service's`()
        async throws
    {
        let middleware: [FlightServerMiddlewareFactory] = [
            log.server("a"), { _ in nil }, log.server("b"),
        ]
        try await withServer(
            TestService(), serverConfiguration: { $0.middleware = middleware }
        ) { server, client in
            let response = FlightResponseMetadata()
            _ = try await client.doAction(
                FlightAction(type: "headers"), options: .init(responseMetadata: response))
            let names = ["x-answer", "x-a", "x-b"]
            #expect(names.map { response.headers.values($0) } == [["head"], ["a"], ["b"]])
            #expect(names.map { response.trailers.values($0) } == [[], ["OK"], ["OK"]])
            #expect(response.trailers.first("x-trailer") == "tail")
            try await eventually("the call is over") { server.counters.callsOpen == 0 }
            #expect(
                log.events == [
                    "a begins DoAction -", "b begins DoAction -", "a sends head", "b sends head",
                    "a sends OK tail", "b sends OK tail", "a ends OK", "b ends OK",
                ])
        }
    }

    @Test func `middleware sees how a call ends, whoever ends it`() async throws {
        let middleware = [log.server("a")]
        try await withServer(
            TestService(), serverConfiguration: { $0.middleware = middleware }
        ) { server, client in
            let response = FlightResponseMetadata()
            _ = await flightError {
                _ = try await client.doAction(
                    FlightAction(type: "fail"), options: .init(responseMetadata: response))
            }
            // Headers and trailers of a call without messages come together.
            #expect(response.trailers.values("x-a") == ["a", "FAILED_PRECONDITION"])
            try await eventually("the call is over") { server.counters.callsOpen == 0 }
            let call = client.doExchange()
            try await eventually("the call is open") { server.counters.callsOpen == 1 }
            call.cancel()
            try await eventually("the call is over") { server.counters.callsOpen == 0 }
            #expect(
                log.events == [
                    "a begins DoAction -", "a sends -", "a sends FAILED_PRECONDITION -",
                    "a ends FAILED_PRECONDITION", "a begins DoExchange -", "a ends CANCELLED",
                ])
        }
    }

    private struct Refusing: FlightServerMiddleware {
        func callBegins(_ call: FlightCall) throws(FlightError) {
            guard call.metadata.first("x-tenant") == nil else { return }
            throw FlightError(.permissionDenied, "send x-tenant", details: [1, 2])
        }
    }

    @Test func `middleware refuses a call before the service and what comes after it`()
        async throws
    {
        let calls = NIOLockedValueBox<[FlightMethod]>([])
        let service = TestService { call in
            calls.withLockedValue { $0.append(call.method) }
            return nil
        }
        let middleware: [FlightServerMiddlewareFactory] = [
            log.server("a"), { _ in Refusing() }, log.server("b"),
        ]
        try await withServer(
            service, serverConfiguration: { $0.middleware = middleware }
        ) { server, client in
            let refused = await flightError { _ = try await client.listActions() }
            #expect(refused?.code == .permissionDenied)
            #expect(refused?.message == "send x-tenant")
            #expect(refused?.details == [1, 2])
            try await eventually("the call is over") { server.counters.callsOpen == 0 }
            #expect(
                log.events == [
                    "a begins ListActions -", "a sends -", "a sends PERMISSION_DENIED -",
                    "a ends PERMISSION_DENIED",
                ])
            // A client that goes on sending is told, too.
            let put = client.doPut()
            let error = await flightError {
                for _ in 0..<100 {
                    try await put.write(
                        FlightData(dataBody: ByteBuffer(repeating: 1, count: 1 << 20)))
                }
                put.finishWriting()
                for try await _ in put.responses {}
            }
            #expect(error?.code == .permissionDenied)
            #expect(calls.withLockedValue { $0 }.isEmpty)
            let options = FlightCallOptions(metadata: ["x-tenant": "north"])
            _ = try await client.listActions(options: options)
            #expect(calls.withLockedValue { $0 } == [.listActions])
            #expect(log.events.contains("b begins ListActions -"))
        }
    }

    @Test(arguments: [FlightStatusCode.aborted, .cancelled])
    func `a call that middleware ends by its stream doesn't come to the service`(
        code: FlightStatusCode
    ) async throws {
        let calls = NIOLockedValueBox(0)
        let service = TestService { _ in
            calls.withLockedValue { $0 += 1 }
            return nil
        }
        let middleware: [FlightServerMiddlewareFactory] = [
            log.server("a"),
            { call in
                if code == .aborted {
                    call.stream.finish(FlightError(code, "enough"))
                } else {
                    call.stream.cancel()
                }
                return nil
            }, log.server("b"),
        ]
        try await withServer(
            service, serverConfiguration: { $0.middleware = middleware }
        ) { server, client in
            let error = await flightError { _ = try await client.listActions() }
            #expect(error?.code == code)
            #expect(!log.events.contains { $0.hasPrefix("b") })
            #expect(calls.withLockedValue { $0 } == 0)
            try await eventually("the call is over") { server.counters.callsOpen == 0 }
            #expect(log.events.last == "a ends \(code)")
        }
    }

    @Test func `middleware knows who calls, and sees what a role isn't enough for`() async throws {
        let middleware = [log.server("a")]
        try await withServer(
            TestService(),
            serverConfiguration: {
                $0.authenticator = TestAuthenticator()
                $0.middleware = middleware
            }
        ) { server, client in
            let stranger = await flightError { _ = try await client.listActions() }
            #expect(stranger?.code == .unauthenticated)
            #expect(log.events.isEmpty)
            let reader = FlightCallOptions(metadata: ["authorization": "Bearer r"])
            _ = try await client.listActions(options: reader)
            let put = client.doPut(options: reader)
            let refused = await flightError { for try await _ in put.responses {} }
            #expect(refused?.code == .permissionDenied)
            let login = FlightCredentials.basic(user: "ann", password: "secret: ü")
            let handshake = client.handshake(
                options: FlightCallOptions(metadata: ["authorization": login]))
            handshake.finishWriting()
            for try await _ in handshake.responses {}
            let headers = try await handshake.responses.headers()
            #expect(headers.first("authorization") == "Bearer session of ann")
            #expect(headers.first("x-a") == "a")
            try await eventually("the calls are over") { server.counters.callsOpen == 0 }
            #expect(
                log.events.filter { $0.contains("begins") } == [
                    "a begins ListActions r", "a begins DoPut r", "a begins Handshake -",
                ])
            #expect(
                log.events.filter { $0.contains(" ends") }.sorted() == [
                    "a ends OK", "a ends OK", "a ends PERMISSION_DENIED",
                ])
        }
    }

    @Test func `an action by plain HTTP comes to middleware, too`() async throws {
        let middleware = [log.server("a")]
        try await withServer(
            TestService(), serverConfiguration: { $0.middleware = middleware }
        ) { _, client in
            let peer = try await RawPeer.connect(port: client.configuration.port)
            try await peer.send(
                "POST /api/flight/do_action HTTP/1.1\r\nHost: t\r\nConnection: close\r\n"
                    + "Content-Length: 24\r\n\r\n" + #"{"type": "list_actions"}"#)
            try await eventually("it is answered") { peer.isClosed }
            #expect(peer.text.lowercased().contains("x-a: a\r\n"))
            #expect(log.events.first == "a begins ListActions -")
            #expect(log.events.last == "a ends OK")
        }
    }

    @Test func `middleware that keeps its call is let go of with the call`() async throws {
        final class Keeper: FlightServerMiddleware {
            private let call: FlightCall
            private let log: MiddlewareLog

            init(_ call: FlightCall, _ log: MiddlewareLog) {
                self.call = call
                self.log = log
            }

            deinit { log.add("gone") }
        }
        let log = log
        try await withServer(
            TestService(), serverConfiguration: { $0.middleware = [{ Keeper($0, log) }] }
        ) { _, client in
            _ = try await client.listActions()
            try await eventually("the middleware is gone") { log.events == ["gone"] }
        }
    }
}
