import MarbleFlight
import NIOConcurrencyHelpers
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FlightServiceTests {
    @Test func `an action's body comes back`() async throws {
        try await withServer(TestService()) { _, client in
            let body = ByteBuffer(string: "hello")
            let results = try await client.doAction(FlightAction(type: "echo", body: body))
            #expect(results == [FlightResult(body: body)])
        }
    }

    @Test func `an action's many results come in order`() async throws {
        try await withServer(TestService()) { _, client in
            var results: [String] = []
            for try await result in try await client.streamAction(FlightAction(type: "many")) {
                results.append(String(buffer: result.body))
            }
            #expect(results == (0..<1000).map { "\($0)" })
        }
    }

    @Test func `a handshake has as many rounds as the client wants`() async throws {
        try await withServer(TestService()) { _, client in
            let call = client.handshake()
            var answers = call.responses.makeAsyncIterator()
            for round in 1...3 as ClosedRange<UInt64> {
                let payload = ByteBuffer(string: "round \(round)")
                try await call.write(
                    FlightHandshakeRequest(protocolVersion: round, payload: payload))
                let answer = try await answers.next()
                #expect(
                    answer == FlightHandshakeResponse(protocolVersion: round + 1, payload: payload))
            }
            call.finishWriting()
            #expect(try await answers.next() == nil)
        }
    }

    @Test func `flights are listed by criteria, with all their fields`() async throws {
        try await withServer(TestService()) { _, client in
            var infos: [FlightInfo] = []
            let criteria = FlightCriteria(ByteBuffer(string: "a"))
            for try await info in try await client.listFlights(criteria) { infos.append(info) }
            #expect(infos == (0..<3).map { TestService.info("a\($0)") })
        }
    }

    @Test func `a flight's information, progress and schema come back with all fields`()
        async throws
    {
        try await withServer(TestService()) { _, client in
            #expect(try await client.getFlightInfo(.path(["t", "u"])) == TestService.info("t"))
            let command = FlightDescriptor.command(ByteBuffer(string: "q"))
            let poll = try await client.pollFlightInfo(command)
            #expect(
                poll
                    == FlightPollInfo(
                        info: TestService.info("polled"), descriptor: command, progress: 0.5,
                        expiration: FlightTimestamp(seconds: 9)))
            let schema = try await client.getSchema(.path(["t"]))
            #expect(String(buffer: schema.schema) == "the schema")
        }
    }

    @Test func `all actions are listed`() async throws {
        try await withServer(TestService()) { _, client in
            let types = try await client.listActions()
            #expect(types.map(\.type) == ["echo", "sleep"])
        }
    }

    @Test(arguments: [0, 1, 100, 65_535, 65_536, 1 << 20, 5 << 20])
    func `data of any size is read as it was written`(byteCount: Int) async throws {
        try await withServer(TestService()) { _, client in
            var count = 0
            let body = ByteBuffer(repeating: 7, count: byteCount)
            for try await data in try await client.doGet(FlightTicket("20 \(byteCount)")) {
                #expect(data.dataHeader == ByteBuffer(integer: count))
                #expect(data.dataBody == body)
                count += 1
            }
            #expect(count == 20)
        }
    }

    @Test func `every message of a put gets its result`() async throws {
        try await withServer(TestService()) { _, client in
            let call = client.doPut()
            let sizes = [0, 10, 70_000, 3 << 20, 5]
            for (index, size) in sizes.enumerated() {
                try await call.write(
                    FlightData(
                        descriptor: index == 0 ? .path(["t"]) : nil,
                        dataBody: ByteBuffer(repeating: 1, count: size)))
            }
            call.finishWriting()
            var results: [String] = []
            for try await result in call.responses {
                results.append(String(buffer: result.appMetadata))
            }
            #expect(results == sizes.map { "\($0)" })
        }
    }

    @Test func `an exchange sends back all four fields`() async throws {
        try await withServer(TestService()) { _, client in
            let call = client.doExchange()
            var answers = call.responses.makeAsyncIterator()
            for number in 0..<50 {
                let data = FlightData(
                    descriptor: .path(["a", "", "ü\(number)"]),
                    dataHeader: ByteBuffer(string: "header"),
                    appMetadata: ByteBuffer(string: "metadata"),
                    dataBody: ByteBuffer(repeating: 3, count: number * 5000))
                try await call.write(data)
                let answer = try await answers.next()
                #expect(answer?.descriptor == data.descriptor)
                #expect(answer?.dataHeader == data.dataHeader)
                #expect(answer?.appMetadata == data.appMetadata)
                #expect(answer?.dataBody == data.dataBody)
            }
            call.finishWriting()
            #expect(try await answers.next() == nil)
        }
    }

    @Test func `a service's error arrives with code, message and details`() async throws {
        try await withServer(TestService()) { _, client in
            let error = await flightError { _ = try await client.doAction(.init(type: "fail")) }
            #expect(error?.code == .failedPrecondition)
            #expect(error?.message == "Grüße, 50 % \n")
            #expect(error?.details == [1, 2, 255])
        }
    }

    @Test func `a method that a service doesn't have is unimplemented`() async throws {
        try await withServer(EmptyService()) { _, client in
            let error = await flightError { _ = try await client.getSchema(.path(["t"])) }
            #expect(error?.code == .unimplemented)
            let action = await flightError { _ = try await client.doAction(.init(type: "x")) }
            #expect(action?.code == .unimplemented)
        }
    }

    @Test func `headers and trailers of the application go both ways`() async throws {
        try await withServer(TestService()) { _, client in
            let options = FlightCallOptions(metadata: ["authorization": "Bearer x"])
            let action = FlightAction(
                type: "headers", body: ByteBuffer(string: "authorization"))
            let reader = try await client.streamAction(action, options: options)
            var values: [String] = []
            for try await result in reader { values.append(String(buffer: result.body)) }
            #expect(values == ["Bearer x"])
            #expect(try await reader.headers().first("x-answer") == "head")
            #expect(try await reader.trailers().first("x-trailer") == "tail")
        }
    }

    @Test func `a call that takes longer than its deadline ends, and its task with it`()
        async throws
    {
        let service = TestService()
        try await withServer(service) { server, client in
            _ = try await client.listActions()
            var timeout = Duration.milliseconds(200)
            try await eventually("the server's task is cancelled") {
                // On a busy machine a call may end before the server has begun with it.
                let options = FlightCallOptions(timeout: timeout)
                timeout *= 2
                let error = await flightError {
                    _ = try await client.doAction(.init(type: "sleep"), options: options)
                }
                #expect(error?.code == .deadlineExceeded)
                return service.seen.withLockedValue { $0.cancelledCalls } > 0
            }
            try await eventually("the call is over") { server.counters.callsOpen == 0 }
        }
    }

    @Test func `a task that is cancelled cancels the call on the server`() async throws {
        let service = TestService()
        try await withServer(service) { server, client in
            let task = Task {
                await flightError { _ = try await client.doAction(.init(type: "sleep")) }
            }
            try await eventually("the call is there") { server.counters.callsOpen == 1 }
            task.cancel()
            let error = await task.value
            #expect(error?.code == .cancelled)
            try await eventually("the server's task is cancelled") {
                service.seen.withLockedValue { $0.cancelledCalls } == 1
            }
        }
    }
}
