import MarbleArrow
import MarbleDB
import NIOCore
import Testing

@Suite struct TableWriterTests {
    typealias Row = DatabaseFixtures.Row

    private func error(_ body: () throws -> Void) -> DatabaseError? {
        do {
            try body()
            return nil
        } catch {
            return error as? DatabaseError
        }
    }

    private func keyed() throws -> LoggedDatabase {
        let log = LoggedDatabase()
        try log.create(primaryKey: ["id"])
        return log
    }

    @Test(arguments: [
        #"{"operation": "merge"}"#, #"{"opeartion": "upsert"}"#, #"{"session": "s"}"#,
        #"{"sequence": 1}"#, #"{"session": "", "sequence": 1}"#, #"[]"#, #"{"#,
        #"{"session": "s", "sequence": -1}"#, #"{"session": "s", "sequence": 1.5}"#,
        #"{"session": 1, "sequence": 1}"#,
    ])
    func `app_metadata that makes no sense is refused`(metadata: String) throws {
        let log = try keyed()
        let error = error { try log.write([Row(id: 1)], appMetadata: metadata) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("app_metadata") == true)
    }

    @Test func `nulls in the key are refused, also in deletes`() throws {
        let log = try keyed()
        var builder = ArrowRecordBatchBuilder(schema: DatabaseFixtures.schema)
        builder.columns[0].append("eu")
        for column in 1...3 { builder.columns[column].appendNull() }
        let batch = builder.finish()
        #expect(error { _ = try log.payload(batch) }?.message.contains("\"id\"") == true)
        let delete = #"{"operation": "delete"}"#
        #expect(
            error { _ = try log.payload(batch.select([1]), appMetadata: delete) }?.code
                == .invalidArgument)
    }

    @Test func `a schema that is not the table's is refused with the difference`() throws {
        let log = try keyed()
        let fields = DatabaseFixtures.schema.fields
        var otherType = fields
        otherType[2] = ArrowField("price", .int32)
        let cases: [([ArrowField], String)] = [
            (fields + [ArrowField("more", .int8)], "\"more\""),
            (Array(fields.dropLast()), "\"live\""),
            (otherType, "\"price\" is int32"),
            (fields.reversed(), "order"),
        ]
        for (fields, text) in cases {
            let error = error {
                _ = try log.database.writer(
                    table: "t",
                    schemaMessage: DatabaseFixtures.schemaMessage(ArrowSchema(fields)))
            }
            #expect(error?.code == .failedPrecondition)
            #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
        }
    }

    @Test func `a primary key in the stream's metadata must be the table's`() throws {
        let log = try keyed()
        for (key, isRight) in [("id", true), ("region", false)] {
            let schema = ArrowSchema(
                DatabaseFixtures.schema.fields, metadata: ["marble.primary_key": key])
            let error = error {
                _ = try log.database.writer(
                    table: "t", schemaMessage: DatabaseFixtures.schemaMessage(schema))
            }
            #expect(error?.code == (isRight ? nil : .failedPrecondition))
        }
    }

    @Test func `a stream of key columns may only delete`() throws {
        let log = try keyed()
        let keys = DatabaseFixtures.batch([Row(id: 1)]).select([1])
        #expect(error { _ = try log.payload(keys) }?.code == .failedPrecondition)
    }

    @Test func `a batch above the limit is refused`() throws {
        var configuration = DatabaseConfiguration()
        configuration.batchByteCountMax = 1000
        let log = LoggedDatabase(configuration: configuration)
        try log.create()
        try log.write([Row(id: 1)])
        let rows = (0..<100).map { Row(id: $0) }
        #expect(error { try log.write(rows) }?.code == .resourceExhausted)
    }

    @Test func `the proposal holds the client's bytes as they came`() throws {
        let log = try keyed()
        let batch = DatabaseFixtures.batch([Row(id: 1), Row(id: 2)])
        let payload = try log.payload(batch)
        let message = DatabaseFixtures.message(batch)
        let bytes = [UInt8](payload.readableBytesView)
        #expect(
            bytes.suffix(message.body.readableBytes) == [UInt8](message.body.readableBytesView)[...]
        )
        #expect(
            bytes.dropFirst(32).starts(with: [UInt8](message.header.readableBytesView)))
    }

    @Test(arguments: [ArrowCompression.lz4, .zstd])
    func `a compressed batch is proposed as if it had come without compression`(
        compression: ArrowCompression
    ) throws {
        let log = try keyed()
        let rows = (0..<100).map { Row(id: $0, price: $0 % 3 == 0 ? nil : Double($0)) }
        let batch = DatabaseFixtures.batch(rows)
        let plain = try log.payload(batch)
        let compressed = try log.payload(batch, compression: compression)
        let body = DatabaseFixtures.message(batch).body.readableBytes
        #expect(
            compressed.readableBytesView.suffix(body) == plain.readableBytesView.suffix(body))
        try log.commit(compressed)
        #expect(try log.rows() == rows)
    }

    @Test(arguments: [ArrowCompression.lz4, .zstd])
    func `a compressed batch counts with its size after decompression`(
        compression: ArrowCompression
    ) throws {
        var configuration = DatabaseConfiguration()
        configuration.batchByteCountMax = 10_000
        let log = LoggedDatabase(configuration: configuration)
        try log.create()
        let batch = DatabaseFixtures.batch((0..<1000).map { _ in Row(id: 7) })
        #expect(
            DatabaseFixtures.message(batch, compression: compression).body.readableBytes < 10_000)
        let error = error { _ = try log.payload(batch, compression: compression) }
        #expect(error?.code == .resourceExhausted)
        #expect(error?.message.contains("10000") == true)
    }

    @Test func `damaged Arrow data is refused at the door or applied without harm`() throws {
        let log = try keyed()
        let batch = DatabaseFixtures.batch([Row(id: 1), Row(region: "é", id: 2)])
        let writer = try log.database.writer(
            table: "t", schemaMessage: DatabaseFixtures.schemaMessage(batch.schema))
        let (header, body) = DatabaseFixtures.message(batch)
        for position in 0..<header.readableBytes + body.readableBytes {
            var damaged = (header: header, body: body)
            if position < header.readableBytes {
                damaged.header.setInteger(
                    (header.getInteger(at: position, as: UInt8.self) ?? 0) ^ 0x41, at: position)
            } else {
                let position = position - header.readableBytes
                damaged.body.setInteger(
                    (body.getInteger(at: position, as: UInt8.self) ?? 0) ^ 0xC1, at: position)
            }
            guard
                let payload = try? writer.encode(
                    dataHeader: damaged.header, dataBody: damaged.body, appMetadata: ByteBuffer())
            else { continue }
            // What the door lets in can be applied.
            try log.commit(payload)
        }
        #expect(try !log.rows().isEmpty)
    }

    @Test func `dictionary columns are taken as the values that their numbers stand for`() throws {
        let log = try keyed()
        var fields = DatabaseFixtures.schema.fields
        fields[0].type = .dictionary(of: .utf8, index: .int8)
        var builder = ArrowRecordBatchBuilder(schema: ArrowSchema(fields))
        for id in 0..<4 {
            builder.columns[0].append(id % 2 == 0 ? "eu" : "us")
            builder.columns[1].append(id)
            builder.columns[2].append(0.5)
            builder.columns[3].append(true)
        }
        try log.commit(try log.payload(builder.finish()))
        #expect(
            try log.rows()
                == (0..<4).map {
                    Row(region: $0 % 2 == 0 ? "eu" : "us", id: $0, price: 0.5, live: true)
                })
    }

    @Test func `a table made of a schema with dictionaries holds their values`() throws {
        let log = LoggedDatabase()
        let schema = ArrowSchema([
            ArrowField("id", .int64), ArrowField("word", .list(of: .dictionary(of: .utf8))),
        ])
        try log.commit(
            log.database.createTableCommand(
                name: "words", schemaMessage: DatabaseFixtures.schemaMessage(schema),
                primaryKey: ["id"]))
        let made = try log.database.table(named: "words")
        #expect(made.schema == schema.withoutDictionaries)
        guard
            case .schema(let sent) = try ArrowIPC.decodeMessage(
                header: ArrowBuffer(Array(made.schemaMessage.readableBytesView)))
        else {
            Issue.record("the table's schema message is none")
            return
        }
        #expect(sent == made.schema)
    }

    @Test func `a few numbers can't stand for more bytes than a batch may have`() throws {
        var configuration = DatabaseConfiguration()
        configuration.batchByteCountMax = 100_000
        let log = LoggedDatabase(configuration: configuration)
        try log.create()
        var fields = DatabaseFixtures.schema.fields
        fields[0].type = .dictionary(of: .utf8)
        var builder = ArrowRecordBatchBuilder(schema: ArrowSchema(fields))
        let long = String(repeating: "x", count: 10_000)
        for id in 0..<20 {
            builder.columns[0].append(long)
            builder.columns[1].append(id)
            builder.columns[2].appendNull()
            builder.columns[3].appendNull()
        }
        let batch = builder.finish()
        let error = error { _ = try log.payload(batch) }
        #expect(error?.code == .resourceExhausted)
        #expect(error?.message.contains("\"region\"") == true)
    }

    @Test func `columns of types that have no order can't be keys`() throws {
        for type: ArrowType in [.list(of: .int8), .utf8View, .null, .duration(.second)] {
            let schema = ArrowSchema([ArrowField("key", type)])
            let error = error {
                _ = try LoggedDatabase().database.createTableCommand(
                    name: "t", schemaMessage: DatabaseFixtures.schemaMessage(schema),
                    primaryKey: ["key"])
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("\"key\" is of type \(type)") == true)
        }
    }

    @Test func `nested columns are kept, merged and read as they were written`() throws {
        let log = LoggedDatabase()
        let fields: [ArrowField] = [
            ArrowField("id", .int64), ArrowField("tags", .list(of: .utf8)),
            ArrowField("place", .struct([ArrowField("x", .float64), ArrowField("y", .utf8View)])),
            ArrowField("counts", .map(key: .utf8, value: .int32)),
        ]
        let schema = ArrowSchema(fields)
        try log.commit(
            log.database.createTableCommand(
                name: "t", schemaMessage: DatabaseFixtures.schemaMessage(schema),
                primaryKey: ["id"]))
        func row(_ id: Int64, _ version: Int64) -> [ArrowValue] {
            let tags = (0..<version).map { ArrowValue.text("tag \($0)") }
            let entry = ArrowValue.Entry(key: .text("n"), value: .int(version))
            return [
                .int(id), .list(tags), .structure([.double(Double(id)), .text("place \(id)")]),
                .map([entry]),
            ]
        }
        for version: Int64 in 1...3 {
            for id: Int64 in 0..<200 where id % version == 0 {
                var builder = ArrowRecordBatchBuilder(schema: schema)
                for (column, value) in zip(builder.columns, row(id, version)) {
                    column.append(value)
                }
                try log.commit(try log.payload(builder.finish()))
            }
        }
        let scan = try log.database.scan(ScanRequest(table: "t"))
        var seen: [ArrowValue: [ArrowValue]] = [:]
        while let batch = try scan.next() {
            for index in 0..<batch.rowCount {
                let values = batch.columns.map { $0.value(at: index) }
                seen[values[0]] = values
            }
        }
        #expect(seen.count == 200)
        for id: Int64 in 0..<200 {
            let version: Int64 = id % 3 == 0 ? 3 : id % 2 == 0 ? 2 : 1
            #expect(seen[.int(id)] == row(id, version))
        }
    }
}
