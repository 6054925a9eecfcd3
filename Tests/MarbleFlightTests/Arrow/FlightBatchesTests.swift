import MarbleArrow
import NIOCore
import Testing

@testable import MarbleFlight

struct FlightBatchesTests {
    private static let schema = ArrowSchema(
        [ArrowField("id", .int64), ArrowField("name", .utf8)], metadata: ["k": "v"])

    private static func batch(_ rows: [(Int64, String?)]) -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(schema: schema)
        for (id, name) in rows {
            builder.columns[0].append(id)
            if let name { builder.columns[1].append(name) } else { builder.columns[1].appendNull() }
        }
        return builder.finish()
    }

    private static let batches = [
        batch([(1, "one"), (2, nil)]), batch([]), batch([(3, "three")]).slice(offset: 0, length: 1),
    ]

    /// Answers `DoGet` with the batches, and `DoExchange` with what it is sent.
    private struct Service: FlightService {
        func getSchema(
            _ descriptor: FlightDescriptor, context: FlightCallContext
        ) async throws -> FlightSchemaResult { FlightSchemaResult(schema) }

        func getFlightInfo(
            _ descriptor: FlightDescriptor, context: FlightCallContext
        ) async throws -> FlightInfo { FlightInfo(schema, descriptor: descriptor) }

        func doGet(
            _ ticket: FlightTicket, writer: FlightWriter<FlightData>, context: FlightCallContext
        ) async throws {
            var sending = try await writer.begin(schema)
            for batch in batches { try await sending.write(batch) }
        }

        func doExchange(
            reader: FlightReader<FlightData>, writer: FlightWriter<FlightData>,
            context: FlightCallContext
        ) async throws {
            var received = reader.batches.makeAsyncIterator()
            var sending = try await writer.begin(try await received.schema())
            while let batch = try await received.next() { try await sending.write(batch) }
        }
    }

    @Test func `batches come out of a stream as they were written`() async throws {
        try await withServer(Service()) { _, client in
            var received: [ArrowRecordBatch] = []
            for try await batch in try await client.doGet(FlightTicket("")).batches {
                received.append(batch)
            }
            #expect(received == Self.batches)
        }
    }

    @Test func `batches go to a service and back`() async throws {
        try await withServer(Service()) { _, client in
            let call = client.doExchange()
            var sending = try await call.writer.begin(Self.schema, descriptor: .path(["a"]))
            for batch in Self.batches { try await sending.write(batch) }
            call.finishWriting()
            var received = call.responses.batches.makeAsyncIterator()
            #expect(try await received.schema() == Self.schema)
            for batch in Self.batches { #expect(try await received.next() == batch) }
            #expect(try await received.next() == nil)
        }
    }

    @Test func `a schema travels in FlightInfo and SchemaResult`() async throws {
        try await withServer(Service()) { _, client in
            let info = try await client.getFlightInfo(.path(["a"]))
            #expect(try info.arrowSchema() == Self.schema)
            let result = try await client.getSchema(.path(["a"]))
            #expect(try result.arrowSchema() == Self.schema)
        }
        #expect(try FlightInfo().arrowSchema() == nil)
        #expect(throws: FlightError.self) {
            try FlightSchemaResult(schema: ByteBuffer(string: "no schema")).arrowSchema()
        }
    }

    @Test func `application metadata goes with a batch, and alone it is no batch`() throws {
        var encoder = FlightBatchEncoder(schema: Self.schema)
        var decoder = FlightBatchDecoder()
        #expect(try decoder.decode(encoder.begin()) == nil)
        #expect(decoder.schema == Self.schema)
        let metadata = ByteBuffer(string: "m")
        let messages = try encoder.encode(Self.batches[0], appMetadata: metadata)
        #expect(messages.last?.appMetadata == metadata)
        #expect(try messages.compactMap { try decoder.decode($0) } == [Self.batches[0]])
        #expect(try decoder.decode(FlightData(appMetadata: metadata)) == nil)
    }

    @Test(arguments: [ArrowCompression.lz4, .zstd, .zstd(level: 9)])
    func `compressed batches are small on their way, and come out as they were written`(
        compression: ArrowCompression
    ) async throws {
        let batch = Self.batch((0..<10_000).map { (Int64($0 / 100), "name") })
        var plain = FlightBatchEncoder(schema: Self.schema)
        let byteCount = try plain.encode(batch).reduce(0) { $0 + $1.dataBody.readableBytes }
        // It sends back what it was sent, as it is.
        try await withServer(TestService()) { _, client in
            let call = client.doExchange()
            var sending = try await call.writer.begin(
                Self.schema, descriptor: .path(["a"]), compression: compression)
            try await sending.write(batch)
            call.finishWriting()
            var decoder = FlightBatchDecoder()
            var sentByteCount = 0
            var received: [ArrowRecordBatch] = []
            for try await data in call.responses {
                sentByteCount += data.dataBody.readableBytes
                if let batch = try decoder.decode(data) { received.append(batch) }
            }
            #expect(received == [batch])
            #expect(sentByteCount < byteCount / 2)
        }
    }

    @Test func `dictionaries are compressed too`() throws {
        let schema = ArrowSchema([ArrowField("city", .dictionary(of: .utf8))])
        var builder = ArrowRecordBatchBuilder(schema: schema)
        for row in 0..<2000 { builder.columns[0].append("the city with the number \(row / 10)") }
        let batch = builder.finish()
        var plain = FlightBatchEncoder(schema: schema)
        var encoder = FlightBatchEncoder(schema: schema, compression: .zstd)
        var decoder = FlightBatchDecoder()
        #expect(try decoder.decode(encoder.begin()) == nil)
        let messages = try encoder.encode(batch)
        let byteCounts = messages.map(\.dataBody.readableBytes)
        let plainByteCounts = try plain.encode(batch).map(\.dataBody.readableBytes)
        #expect(byteCounts.count == 2)
        #expect(zip(byteCounts, plainByteCounts).allSatisfy { $0 < $1 / 2 })
        let decoded = try messages.compactMap { try decoder.decode($0) }
        #expect(decoded.map(\.columns) == [batch.columns])
    }

    @Test func `dictionaries go ahead of the batches that need them`() throws {
        let schema = ArrowSchema([ArrowField("city", .dictionary(of: .utf8))])
        var encoder = FlightBatchEncoder(schema: schema)
        var decoder = FlightBatchDecoder()
        #expect(try decoder.decode(encoder.begin()) == nil)
        for cities in [["a", "b", "a"], ["a", "b"], ["c"]] {
            var builder = ArrowRecordBatchBuilder(schema: schema)
            for city in cities { builder.columns[0].append(city) }
            let batch = builder.finish()
            let messages = try encoder.encode(batch)
            let decoded = try messages.compactMap { try decoder.decode($0) }
            #expect(decoded.map(\.columns) == [batch.columns])
        }
    }

    @Test func `a batch of other columns isn't sent, and one without a schema isn't read`() throws {
        var encoder = FlightBatchEncoder(schema: ArrowSchema([ArrowField("id", .int64)]))
        let refused = #expect(throws: FlightError.self) {
            try encoder.encode(Self.batches[0])
        }
        #expect(refused?.code == .invalidArgument)
        var fitting = FlightBatchEncoder(schema: Self.schema)
        var decoder = FlightBatchDecoder()
        for message in try fitting.encode(Self.batches[0]) {
            let unread = #expect(throws: FlightError.self) { try decoder.decode(message) }
            #expect(unread?.code == .invalidArgument)
        }
    }

    @Test func `damaged data ends a call with a status that says what is wrong`() async throws {
        try await withServer(Service()) { _, client in
            let call = client.doExchange()
            try await call.writer.write(FlightData(dataHeader: ByteBuffer(string: "no flatbuffer")))
            call.finishWriting()
            let error = await flightError { for try await _ in call.responses {} }
            #expect(error?.code == .invalidArgument, "\(String(describing: error))")
        }
    }
}
