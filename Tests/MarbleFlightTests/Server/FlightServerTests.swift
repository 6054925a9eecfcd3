import MarbleFlight
import NIOConcurrencyHelpers
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FlightServerTests {
    @Test func `localhost is reached by both of its addresses`() async throws {
        let server = FlightServer(configuration: .init(host: "localhost"), service: TestService())
        try await server.start()
        let port = try #require(server.boundPort)
        for host in ["127.0.0.1", "localhost"] {
            let client = FlightClient(configuration: .patient(host: host, port: port))
            let types = try await client.listActions()
            #expect(types.count == 2)
            await client.close()
        }
        await server.shutdown()
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `a port that is taken is named, with what to do`(host: String) async throws {
        try await withServer(TestService()) { server, _ in
            let port = try #require(server.boundPort)
            let second = FlightServer(
                configuration: .init(host: host, port: port), service: TestService())
            let error = await flightError { try await second.start() }
            #expect(error?.message.contains("\(port)") == true)
            #expect(error?.message.contains("already in use") == true)
            #expect(error?.message.contains("choose another port") == true)
        }
    }

    @Test func `a shutdown lets open calls finish and takes no new ones`() async throws {
        try await withServer(TestService()) { server, client in
            let call = client.doExchange()
            var answers = call.responses.makeAsyncIterator()
            try await call.write(FlightData(appMetadata: ByteBuffer(string: "before")))
            #expect(try await answers.next() != nil)

            async let shutdown: Void = server.shutdown(gracefully: .seconds(60))
            try await eventually("no new connection is taken") {
                let late = FlightClient(
                    configuration: .patient(host: "127.0.0.1", port: client.configuration.port))
                let error = await flightError { _ = try await late.listActions() }
                await late.close()
                return error?.code == .unavailable
            }
            try await call.write(FlightData(appMetadata: ByteBuffer(string: "after")))
            let answer = try await answers.next()
            #expect(answer.map { String(buffer: $0.appMetadata) } == "after")
            call.finishWriting()
            #expect(try await answers.next() == nil)
            await shutdown
            #expect(server.counters.connectionsOpen == 0)
        }
    }

    @Test func `a shutdown cuts off what is open after its grace period`() async throws {
        try await withServer(TestService()) { server, client in
            let call = client.doExchange()
            var answers = call.responses.makeAsyncIterator()
            try await call.write(FlightData(appMetadata: ByteBuffer(string: "x")))
            #expect(try await answers.next() != nil)
            await server.shutdown(gracefully: .milliseconds(50))
            let error = await flightError { _ = try await answers.next() }
            #expect(error?.code == .unavailable)
        }
    }

    @Test func `a client that vanishes has its calls cancelled`() async throws {
        let service = TestService()
        try await withServer(service) { server, client in
            let task = Task {
                await flightError { _ = try await client.doAction(.init(type: "sleep")) }
            }
            try await eventually("the call is there") { server.counters.callsOpen == 1 }
            await client.close()
            _ = await task.value
            try await eventually("the server's task is cancelled") {
                service.seen.withLockedValue { $0.cancelledCalls } == 1
            }
            try await eventually("the connection is gone") { server.counters.connectionsOpen == 0 }
        }
    }

    @Test func `one connection carries many calls at once`() async throws {
        try await withServer(TestService()) { server, client in
            try await withThrowingTaskGroup { group in
                for number in 0..<1000 {
                    group.addTask {
                        let body = ByteBuffer(string: "\(number)")
                        let action = FlightAction(type: "echo", body: body)
                        let results = try await client.doAction(action)
                        #expect(results == [FlightResult(body: body)])
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.counters.connectionsAccepted == 1)
            #expect(server.counters.callsStarted == 1000)
            try await eventually("no call is open") { server.counters.callsOpen == 0 }
        }
    }

    @Test func `connections over the limit are closed, those below go on`() async throws {
        try await withServer(TestService(), serverConfiguration: { $0.connectionsMax = 1 }) {
            server, client in
            _ = try await client.listActions()
            let second = FlightClient(
                configuration: .patient(host: "127.0.0.1", port: client.configuration.port))
            let error = await flightError { _ = try await second.listActions() }
            #expect(error?.code == .unavailable)
            await second.close()
            _ = try await client.listActions()
            #expect(server.counters.connectionsRefused >= 1)
        }
    }
}
