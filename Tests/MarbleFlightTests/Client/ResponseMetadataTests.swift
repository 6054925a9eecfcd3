import MarbleFlight
import NIOCore
import Testing

/// The headers and trailers of answers, as async callers see them.
@Suite(.timeLimit(.minutes(5)))
struct ResponseMetadataTests {
    /// Names the method in a header and a trailer of each answer.
    private struct Service: FlightService {
        private func sign(_ context: FlightCallContext) {
            context.addResponseHeader("x-head", context.method.rawValue)
            context.addResponseTrailer("x-tail", context.method.rawValue)
        }

        func listFlights(
            _ criteria: FlightCriteria, flights: FlightWriter<FlightInfo>,
            context: FlightCallContext
        ) async throws {
            sign(context)
            throw FlightError(.notFound, "there are none")
        }

        func getFlightInfo(
            _ descriptor: FlightDescriptor, context: FlightCallContext
        ) async throws -> FlightInfo {
            sign(context)
            return TestService.info("t")
        }

        func getSchema(
            _ descriptor: FlightDescriptor, context: FlightCallContext
        ) async throws -> FlightSchemaResult {
            sign(context)
            return FlightSchemaResult(schema: ByteBuffer(string: "s"))
        }

        func doGet(
            _ ticket: FlightTicket, writer: FlightWriter<FlightData>, context: FlightCallContext
        ) async throws {
            sign(context)
            for _ in 0..<3 { try await writer.write(FlightData(dataBody: ticket.bytes)) }
            throw FlightError(.aborted, "enough")
        }

        /// Sends each message back, and at the end its request's header `x-client` and the number of its
        /// trailers.
        func doExchange(
            reader: FlightReader<FlightData>, writer: FlightWriter<FlightData>,
            context: FlightCallContext
        ) async throws {
            sign(context)
            for try await data in reader { try await writer.write(data) }
            let name = try await reader.headers().first("x-client") ?? "nobody"
            let trailerCount = try await reader.trailers().entries.count
            let text = "\(name), \(trailerCount)"
            try await writer.write(FlightData(appMetadata: ByteBuffer(string: text)))
        }

        func doAction(
            _ action: FlightAction, writer: FlightWriter<FlightResult>, context: FlightCallContext
        ) async throws {
            sign(context)
            if action.type == "fail" { throw FlightError(.failedPrecondition, "as asked") }
            try await writer.write(FlightResult(body: action.body))
        }

        func listActions(context: FlightCallContext) async throws -> [FlightActionType] {
            sign(context)
            return []
        }
    }

    /// What a call leaves, as `header trailer`.
    private func metadata(
        _ call: (FlightCallOptions) async throws -> Void
    ) async throws -> String {
        let response = FlightResponseMetadata()
        try await call(FlightCallOptions(responseMetadata: response))
        let head = response.headers.first("x-head") ?? "none"
        return "\(head) \(response.trailers.first("x-tail") ?? "none")"
    }

    @Test func `calls whose answers are collected leave headers and trailers`() async throws {
        try await withServer(Service()) { _, client in
            let info = try await metadata {
                _ = try await client.getFlightInfo(.path(["t"]), options: $0)
            }
            #expect(info == "GetFlightInfo GetFlightInfo")
            let schema = try await metadata {
                _ = try await client.getSchema(.path(["t"]), options: $0)
            }
            #expect(schema == "GetSchema GetSchema")
            let action = try await metadata {
                _ = try await client.doAction(FlightAction(type: "echo"), options: $0)
            }
            #expect(action == "DoAction DoAction")
            let types = try await metadata { _ = try await client.listActions(options: $0) }
            #expect(types == "ListActions ListActions")
        }
    }

    @Test func `calls that fail leave them too`() async throws {
        try await withServer(Service()) { _, client in
            let action = try await metadata { options in
                let error = await flightError {
                    _ = try await client.doAction(FlightAction(type: "fail"), options: options)
                }
                #expect(error?.code == .failedPrecondition)
            }
            #expect(action == "DoAction DoAction")
            let flights = try await metadata { options in
                let error = await flightError { _ = try await client.listFlights(options: options) }
                #expect(error?.code == .notFound)
            }
            #expect(flights == "ListFlights ListFlights")
        }
    }

    @Test func `a stream's reader has headers before messages, and trailers after them`()
        async throws
    {
        try await withServer(Service()) { _, client in
            let response = FlightResponseMetadata()
            let options = FlightCallOptions(responseMetadata: response)
            let reader = try await client.doGet(FlightTicket("t"), options: options)
            #expect(response.headers.first("x-head") == "DoGet")
            #expect(try await reader.headers().first("x-head") == "DoGet")
            let error = await flightError { for try await _ in reader {} }
            #expect(error?.code == .aborted)
            #expect(try await reader.trailers().first("x-tail") == "DoGet")
            #expect(try await reader.headers().first("x-head") == "DoGet")
        }
    }

    @Test func `headers and trailers are waited for, by several tasks`() async throws {
        try await withServer(Service()) { server, client in
            let options = FlightCallOptions(metadata: ["x-client": "me"])
            let call = client.doExchange(options: options)
            let trailers = Task { try await call.responses.trailers().first("x-tail") }
            let headers = (0..<2).map { _ in
                Task { try await call.responses.headers().first("x-head") }
            }
            try await eventually("the call is open") { server.counters.callsOpen == 1 }
            try await call.write(FlightData(dataBody: ByteBuffer(string: "x")))
            for task in headers { #expect(try await task.value == "DoExchange") }
            call.finishWriting()
            var last = ByteBuffer()
            for try await data in call.responses { last = data.appMetadata }
            #expect(String(buffer: last) == "me, 0")
            #expect(try await trailers.value == "DoExchange")
        }
    }

    @Test func `a call that reaches no server has neither`() async throws {
        let client = FlightClient(configuration: .patient(host: "127.0.0.1", port: 1))
        let call = client.doPut()
        let headers = await flightError { _ = try await call.responses.headers() }
        #expect(headers?.code == .unavailable)
        let trailers = await flightError { _ = try await call.responses.trailers() }
        #expect(trailers?.code == .unavailable)
        await client.close()
    }

    @Test func `a task that is cancelled while it waits cancels the call`() async throws {
        try await withServer(TestService()) { server, client in
            let call = client.doExchange()
            try await call.write(FlightData(dataBody: ByteBuffer(string: "x")))
            let task = Task { await flightError { _ = try await call.responses.trailers() } }
            try await eventually("the call is open") { server.counters.callsOpen == 1 }
            task.cancel()
            let error = await task.value
            #expect(error?.code == .cancelled)
            try await eventually("the server's call is over") { server.counters.callsOpen == 0 }
        }
    }

    @Test func `a delegate that ends its call when the headers come hears of nothing else`()
        async throws
    {
        // Headers and status come together.
        let server = ScriptedServer { _, _ in .status(0) }
        let port = try await server.start()
        let client = FlightClient(configuration: .patient(host: "127.0.0.1", port: port))
        let error = await withCheckedContinuation {
            (continuation: CheckedContinuation<FlightError?, Never>) in
            client.openStream(.doExchange) { _ in Canceller(continuation) }
        }
        #expect(error?.code == .cancelled)
        await client.close()
        try await server.stop()
    }

    private final class Canceller: FlightStreamDelegate {
        private let continuation: CheckedContinuation<FlightError?, Never>

        init(_ continuation: CheckedContinuation<FlightError?, Never>) {
            self.continuation = continuation
        }

        func flightStreamHeadersReceived(_ stream: FlightStream) { stream.cancel() }

        func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
            Issue.record("a cancelled stream got messages")
        }

        func flightStreamInputEnded(_ stream: FlightStream) {
            Issue.record("a cancelled stream got to its end")
        }

        func flightStream(_ stream: FlightStream, closed error: FlightError?) {
            continuation.resume(returning: error)
        }
    }
}
