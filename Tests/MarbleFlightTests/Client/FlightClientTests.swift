import MarbleFlight
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FlightClientTests {
    @Test func `a server that isn't there is named, with what to check`() async throws {
        let client = FlightClient(configuration: .patient(host: "127.0.0.1", port: 1))
        let error = await flightError { _ = try await client.listActions() }
        #expect(error?.code == .unavailable)
        #expect(
            error?.message == "can't connect to 127.0.0.1:1: connection refused; "
                + "check that the server runs, and the address")
        await client.close()
    }

    @Test func `a name that can't be resolved is told apart`() async throws {
        let client = FlightClient(configuration: .patient(host: "nowhere.invalid", port: 1))
        let error = await flightError { _ = try await client.listActions() }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("check the host name") == true)
        await client.close()
    }

    @Test func `a client's stream says its server's address`() async throws {
        let server = FlightServer(
            configuration: .init(host: "127.0.0.1"), service: TestService())
        try await server.start()
        let port = try #require(server.boundPort)
        let client = FlightClient(configuration: .patient(host: "127.0.0.1", port: port))
        let flights = try await client.listFlights()
        for try await _ in flights {}
        let stream = flights.stream
        let seen = try await stream.eventLoop.submit { stream.remoteAddress?.port }.get()
        #expect(seen == port)
        await client.close()
        await server.shutdown()
    }

    @Test func `the next call after a break makes a new connection`() async throws {
        var server = FlightServer(
            configuration: .init(host: "127.0.0.1"), service: TestService())
        try await server.start()
        let port = try #require(server.boundPort)
        let client = FlightClient(configuration: .patient(host: "127.0.0.1", port: port))
        _ = try await client.listActions()
        await server.shutdown()
        let down = await flightError { _ = try await client.listActions() }
        #expect(down?.code == .unavailable)
        server = FlightServer(
            configuration: .init(host: "127.0.0.1", port: port), service: TestService())
        try await server.start()
        let types = try await client.listActions()
        #expect(types.count == 2)
        await client.close()
        await server.shutdown()
    }

    @Test func `a closed client refuses calls`() async throws {
        try await withServer(TestService()) { _, client in
            await client.close()
            let error = await flightError { _ = try await client.listActions() }
            #expect(error?.code == .cancelled)
            #expect(error?.message.contains("client was closed") == true)
        }
    }

    @Test func `a task cancelled before its call never reaches the server`() async throws {
        try await withServer(TestService()) { server, client in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await flightError { _ = try await client.doAction(.init(type: "echo")) }
            }
            let error = await task.value
            #expect(error?.code == .cancelled)
            #expect(server.counters.callsStarted == 0)
        }
    }

    @Test func `a call whose reader is dropped is cancelled on the server`() async throws {
        try await withServer(TestService()) { server, client in
            do {
                let reader = try await client.doGet(FlightTicket("endless 1000"))
                var iterator = reader.makeAsyncIterator()
                _ = try await iterator.next()
                #expect(server.counters.callsOpen == 1)
            }
            try await eventually("the server's call is over") { server.counters.callsOpen == 0 }
        }
    }

    @Test func `a client that is dropped closes its connections`() async throws {
        let server = FlightServer(configuration: .init(host: "127.0.0.1"), service: TestService())
        try await server.start()
        let port = try #require(server.boundPort)
        _ = try await FlightClient(configuration: .patient(host: "127.0.0.1", port: port))
            .listActions()
        try await eventually("the connection is gone") { server.counters.connectionsOpen == 0 }
        await server.shutdown()
    }

    @Test func `calls at the same time share several connections, bulk apart`() async throws {
        try await withServer(TestService(), clientConfiguration: { $0.connectionCount = 3 }) {
            server, client in
            for _ in 0..<3 { _ = try await client.listActions() }
            #expect(server.counters.connectionsAccepted == 1)
            let tasks = (0..<9).map { _ in
                Task { try await client.doAction(FlightAction(type: "sleep")) }
            }
            try await eventually("the calls are open") { server.counters.callsOpen == 9 }
            #expect(server.counters.connectionsAccepted == 3)
            for try await _ in try await client.doGet(FlightTicket("1 1")) {}
            #expect(server.counters.connectionsAccepted == 4)
            for task in tasks { task.cancel() }
            for task in tasks { _ = try? await task.value }
        }
    }

    @Test func `answers over the limit are refused on the client`() async throws {
        try await withServer(
            TestService(), clientConfiguration: { $0.messageByteCountMax = 2000 }
        ) { _, client in
            let body = ByteBuffer(repeating: 1, count: 1000)
            _ = try await client.doAction(FlightAction(type: "echo", body: body))
            let error = await flightError { _ = try await client.doAction(.init(type: "many")) }
            #expect(error?.code == .resourceExhausted)
            let big = FlightAction(type: "echo", body: ByteBuffer(repeating: 1, count: 3000))
            let tooBig = await flightError { _ = try await client.doAction(big) }
            #expect(tooBig?.code == .resourceExhausted)
            #expect(tooBig?.message.contains("2000") == true)
        }
    }
}
