import MarbleArrow
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
        try await everyType(client)
        try await compressedBatches(client)
        try await headers(client)
        await client.close()
        var configuration = FlightClientConfiguration.patient(host: "localhost", port: port)
        configuration.compression = .gzip
        let compressing = FlightClient(configuration: configuration)
        try await data(compressing)
        await compressing.close()
    }

    @Test func `a pyarrow server hears of deadlines and cancellations`() async throws {
        let peer = try PythonPeer(script: "server.py")
        defer { peer.stop() }
        let port = try #require(Int(try peer.firstLine()))
        let client = FlightClient(configuration: .patient(host: "localhost", port: port))
        func serverHeardOfIt() async throws -> Bool {
            let results = try await client.doAction(FlightAction(type: "cancelled"))
            return results.first.map { String(buffer: $0.body) } == "True"
        }
        _ = try await client.listActions()
        let options = FlightCallOptions(timeout: .seconds(2))
        let late = await flightError {
            _ = try await client.doAction(FlightAction(type: "sleep"), options: options)
        }
        #expect(late?.code == .deadlineExceeded)
        #expect(try await serverHeardOfIt())
        do {
            var iterator = try await client.doGet(FlightTicket("endless")).makeAsyncIterator()
            _ = try await iterator.next()
        }
        #expect(try await serverHeardOfIt())
        await client.close()
    }

    @Test func `the endpoints of a pyarrow server are read, past a location that is gone`()
        async throws
    {
        let peer = try PythonPeer(script: "server.py")
        defer { peer.stop() }
        let port = try #require(Int(try peer.firstLine()))
        let cluster = try FlightClusterClient(
            configuration: .init(locations: [.init(host: "localhost", port: port)]))
        let info = try await cluster.getFlightInfo(.path(["spread"]))
        for isOrdered in [true, false] {
            var counts = [0, 0, 0]
            for try await part in cluster.read(info, inOrder: isOrdered) {
                counts[part.endpoint] += 1
            }
            // A schema and two batches each.
            #expect(counts == [3, 3, 3])
        }
        await cluster.close()
    }

    @Test func `a pyarrow server's handshake gives the token that its calls want`() async throws {
        let peer = try PythonPeer(script: "authenticating_server.py")
        defer { peer.stop() }
        let port = try #require(Int(try peer.firstLine()))
        let client = FlightClient(configuration: .patient(host: "localhost", port: port))
        let who = FlightAction(type: "who")
        let stranger = await flightError { _ = try await client.doAction(who) }
        #expect(stranger?.code == .unauthenticated)
        let refused = await flightError { _ = try await login(client, password: "wrong") }
        #expect(refused?.code == .unauthenticated)
        #expect(refused?.message.contains("no such user") == true)
        var options = FlightCallOptions()
        let token = try await login(client, password: "secret: ü")
        options.metadata.add("auth-token-bin", bytes: token)
        let results = try await client.doAction(who, options: options)
        #expect(results == [FlightResult(body: ByteBuffer(string: "ann"))])
        await client.close()
    }

    /// The token for ann, by Flight's message `BasicAuth` (fields 2 and 3).
    private func login(_ client: FlightClient, password: String) async throws -> [UInt8] {
        var message = ByteBuffer()
        for (field, text) in [(2, "ann"), (3, password)] as [(UInt8, String)] {
            message.writeInteger(field << 3 | 2)
            message.writeInteger(UInt8(text.utf8.count))
            message.writeString(text)
        }
        let call = client.handshake()
        try await call.write(FlightHandshakeRequest(payload: message))
        call.finishWriting()
        var token: [UInt8] = []
        for try await response in call.responses { token += response.payload.readableBytesView }
        return token
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
        #expect(error?.details == [0, 1, 254, 255])
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

    /// A stream of every type goes through the client as it is, dictionaries and all.
    private func everyType(_ client: FlightClient) async throws {
        var messages = try await collect(try await client.doGet(FlightTicket("every type")))
        messages[0].descriptor = .path(["every type"])
        let put = client.doPut()
        for message in messages { try await put.write(message) }
        put.finishWriting()
        var answers: [String] = []
        for try await result in put.responses {
            answers.append(String(buffer: result.appMetadata))
        }
        #expect(answers == ["True"])
    }

    /// The server sends back the batches that it has read.
    private func compressedBatches(_ client: FlightClient) async throws {
        let schema = ArrowSchema([ArrowField("id", .int64), ArrowField("name", .utf8)])
        var builder = ArrowRecordBatchBuilder(schema: schema)
        for number in 0..<10_000 as Range<Int64> {
            builder.columns[0].append(number / 100)
            builder.columns[1].append("name \(number % 10)")
        }
        let batch = builder.finish()
        for compression in [ArrowCompression.lz4, .zstd] {
            let exchange = client.doExchange()
            var sending = try await exchange.writer.begin(
                schema, descriptor: .path(["compressed"]), compression: compression)
            try await sending.write(batch)
            exchange.finishWriting()
            var received: [ArrowRecordBatch] = []
            for try await batch in exchange.responses.batches { received.append(batch) }
            #expect(received == [batch])
        }
    }

    private func headers(_ client: FlightClient) async throws {
        var options = FlightCallOptions()
        options.metadata.add("x-client", "hello")
        let reader = try await client.doGet(FlightTicket("1 1"), options: options)
        let metadata = try await reader.headers()
        #expect(metadata.first("x-server") == "hello")
        #expect(metadata.bytes("x-server-bin") == [0, 255])
        for try await _ in reader {}
        #expect(try await reader.trailers().first("grpc-status") == "0")
    }

    private func collect(_ reader: FlightReader<FlightData>) async throws -> [FlightData] {
        var all: [FlightData] = []
        for try await data in reader { all.append(data) }
        return all
    }
}
