import MarbleFlight
import NIOCore
import Testing

/// The client against a server of the C++ implementation.
@Suite(.enabled(if: PythonPeer.isAvailable, "needs a Python with pyarrow"), .timeLimit(.minutes(5)))
struct PyArrowServerTests {
    @Test func `a pyarrow server answers all that it implements`() async throws {
        let peer = try PythonPeer(script: "server.py")
        defer { peer.stop() }
        let port = try #require(Int(try peer.firstLine()))
        let client = FlightClient(configuration: .patient(host: "localhost", port: port))
        try await actions(client)
        try await information(client)
        try await data(client)
        await client.close()
        var configuration = FlightClientConfiguration.patient(host: "localhost", port: port)
        configuration.compression = .gzip
        let compressing = FlightClient(configuration: configuration)
        try await data(compressing)
        await compressing.close()
    }

    private func actions(_ client: FlightClient) async throws {
        let body = ByteBuffer(string: "body")
        let results = try await client.doAction(FlightAction(type: "echo", body: body))
        #expect(results == [FlightResult(body: body)])
        let types = try await client.listActions()
        #expect(types.map(\.type) == ["echo", "fail"])
        let error = await flightError { _ = try await client.doAction(.init(type: "fail")) }
        #expect(error?.code == .unauthenticated)
        #expect(error?.message.contains("no, nö") == true)
    }

    private func information(_ client: FlightClient) async throws {
        let info = try await client.getFlightInfo(.path(["known"]))
        #expect(info.totalRecords == 7)
        #expect(info.totalBytes == 99)
        #expect(info.descriptor == .path(["known"]))
        #expect(info.endpoints.first?.ticket == FlightTicket("ticket"))
        let unknown = await flightError { _ = try await client.getFlightInfo(.path(["x"])) }
        #expect(unknown?.code == .unavailable)
        let schema = try await client.getSchema(.path(["known"]))
        #expect(schema.schema.readableBytes > 0)
        var names: [FlightDescriptor?] = []
        let criteria = FlightCriteria(ByteBuffer(string: "f"))
        for try await info in try await client.listFlights(criteria) {
            names.append(info.descriptor)
        }
        #expect(names == [.path(["f0"]), .path(["f1"]), .path(["f2"])])
    }

    /// What the server sends is sent back to it: a stream that it made is one that it understands.
    private func data(_ client: FlightClient) async throws {
        var messages: [FlightData] = []
        for try await data in try await client.doGet(FlightTicket("20 50000")) {
            messages.append(data)
        }
        // The schema and the batches.
        #expect(messages.count == 21)
        messages[0].descriptor = .path(["t"])

        let put = client.doPut()
        for message in messages { try await put.write(message) }
        put.finishWriting()
        var last = ""
        for try await result in put.responses { last = String(buffer: result.appMetadata) }
        #expect(last == "1000000")

        let exchange = client.doExchange()
        async let answers = collect(exchange.responses)
        for message in messages { try await exchange.write(message) }
        exchange.finishWriting()
        let bodies = try await answers.map(\.dataBody)
        #expect(bodies == messages.map(\.dataBody))
    }

    private func collect(_ reader: FlightReader<FlightData>) async throws -> [FlightData] {
        var all: [FlightData] = []
        for try await data in reader { all.append(data) }
        return all
    }
}
