import MarbleArrow
import MarbleCluster
import MarbleDB
import NIOCore
import Testing

@Suite struct DatabaseTests {
    typealias Row = DatabaseFixtures.Row

    private func failure(_ body: () throws -> Void) -> DatabaseError? {
        do {
            try body()
            return nil
        } catch {
            return error as? DatabaseError
        }
    }

    @Test func `a table is created, listed and dropped`() throws {
        let log = LoggedDatabase()
        try log.create("b", primaryKey: ["region", "id"])
        try log.create("a")
        #expect(log.database.tables.map(\.name) == ["a", "b"])
        let table = try log.database.table(named: "b")
        #expect(table.createdIndex == 1)
        #expect(table.primaryKey == ["region", "id"])
        #expect(table.schema == DatabaseFixtures.schema)
        try log.commit(log.database.dropTableCommand(name: "b"))
        #expect(log.database.tables.map(\.name) == ["a"])
        #expect(failure { _ = try log.database.table(named: "b") }?.code == .notFound)
        #expect(
            failure { try log.commit(log.database.dropTableCommand(name: "b")) }?.code == .notFound)
    }

    @Test func `a table that exists is created again only if that is asked for and it is the same`()
        throws
    {
        let log = LoggedDatabase()
        try log.create(primaryKey: ["id"])
        #expect(failure { try log.create(primaryKey: ["id"]) }?.code == .alreadyExists)
        let message = DatabaseFixtures.schemaMessage(DatabaseFixtures.schema)
        try log.commit(
            log.database.createTableCommand(
                name: "t", schemaMessage: message, primaryKey: ["id"], ifNotExists: true))
        let other = try log.database.createTableCommand(
            name: "t", schemaMessage: message, primaryKey: ["region"], ifNotExists: true)
        #expect(failure { try log.commit(other) }?.code == .alreadyExists)
        #expect(try log.database.table(named: "t").createdIndex == 1)
    }

    @Test(arguments: ["", "system", "a\nb", "\u{7F}", String(repeating: "x", count: 256)])
    func `a name that can't be a table's is refused`(name: String) throws {
        let log = LoggedDatabase()
        #expect(failure { try log.create(name) }?.code == .invalidArgument)
        #expect(
            failure { _ = try log.database.dropTableCommand(name: name) }?.code == .invalidArgument)
    }

    @Test func `a primary key must name columns that are there, once each`() throws {
        let log = LoggedDatabase()
        for key in [["nope"], ["id", "id"]] {
            let error = failure { try log.create(primaryKey: key) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(key[0]) == true)
        }
    }

    @Test func `the schema's metadata gives the primary key, bare or encapsulated`() throws {
        let log = LoggedDatabase()
        let schema = ArrowSchema(
            DatabaseFixtures.schema.fields, metadata: ["marble.primary_key": "id, region"])
        for (name, message) in [
            ("bare", ArrowIPC.encodeSchema(schema)),
            ("encapsulated", ArrowIPC.encodeEncapsulatedSchema(schema)),
        ] {
            try log.commit(
                log.database.createTableCommand(
                    name: name, schemaMessage: ByteBuffer(bytes: message), primaryKey: nil))
            #expect(try log.database.table(named: name).primaryKey == ["id", "region"])
        }
        #expect(
            try log.database.table(named: "bare").schemaMessage
                == log.database.table(named: "encapsulated").schemaMessage)
    }

    @Test func `an upsert overwrites by key and reads in the key's order`() throws {
        let log = LoggedDatabase()
        try log.create(primaryKey: ["region", "id"])
        try log.write([Row(id: 2, price: 1), Row(region: "as", id: 9), Row(id: -1, price: nil)])
        let receipt = try log.write([Row(id: 2, price: 5, live: nil)])
        #expect(receipt == WriteReceipt(index: 3, term: 1, rowCount: 1))
        let expected = [
            Row(region: "as", id: 9), Row(id: -1, price: nil), Row(id: 2, price: 5, live: nil),
        ]
        #expect(try log.rows() == expected)
        var request = ScanRequest(table: "t")
        request.order = .keyDescending
        #expect(try log.rows(request) == expected.reversed())
        #expect(try log.database.table(named: "t").rowCount == 3)
    }

    @Test func `an insert of an existing key changes nothing`() throws {
        let log = LoggedDatabase()
        try log.create(primaryKey: ["id"])
        let insert = #"{"operation": "insert"}"#
        try log.write([Row(id: 1)], appMetadata: insert)
        let error = failure { try log.write([Row(id: 2), Row(id: 1)], appMetadata: insert) }
        #expect(error?.code == .alreadyExists)
        #expect(try log.rows() == [Row(id: 1)])
    }

    @Test func `a delete takes the key's columns, in either order, or all`() throws {
        let log = LoggedDatabase()
        try log.create(primaryKey: ["id", "region"])
        try log.write((0..<10).map { Row(id: $0) })
        let batch = DatabaseFixtures.batch([Row(id: 3), Row(id: 99)])
        let delete = #"{"operation": "delete"}"#
        let whole = try log.commit(log.payload(batch, appMetadata: delete))
        #expect(whole.rowCount == 1)
        let keyOrder = DatabaseFixtures.batch([Row(id: 4)]).select([1, 0])
        #expect(try log.commit(log.payload(keyOrder, appMetadata: delete)).rowCount == 1)
        let schemaOrder = DatabaseFixtures.batch([Row(id: 5), Row(id: 6)]).select([0, 1])
        #expect(try log.commit(log.payload(schemaOrder, appMetadata: delete)).rowCount == 2)
        #expect(try log.rows().map(\.id) == [0, 1, 2, 7, 8, 9])
    }

    @Test func `a table without a key appends in log order and refuses deletes`() throws {
        let log = LoggedDatabase()
        try log.create()
        for _ in 0..<3 { try log.write([Row(id: 2), Row(id: 1)]) }
        #expect(try log.rows().map(\.id) == [2, 1, 2, 1, 2, 1])
        let error = failure {
            try log.write([Row(id: 1)], appMetadata: #"{"operation": "delete"}"#)
        }
        #expect(error?.code == .failedPrecondition)
        var request = ScanRequest(table: "t")
        request.order = .key
        #expect(failure { _ = try log.rows(request) }?.code == .failedPrecondition)
    }

    @Test func `a batch for a table that was dropped meanwhile has the outcome not found`() throws {
        let log = LoggedDatabase()
        try log.create()
        let payload = try log.payload(DatabaseFixtures.batch([Row(id: 1)]))
        try log.commit(log.database.dropTableCommand(name: "t"))
        try log.create()
        #expect(failure { try log.commit(payload) }?.code == .notFound)
        #expect(try log.rows().isEmpty)
    }

    @Test func `a scan reads the columns asked for, as of when it began`() throws {
        let log = LoggedDatabase()
        try log.create(primaryKey: ["id"])
        try log.write((0..<50).map { Row(id: $0, price: Double($0)) })
        var request = ScanRequest(table: "t")
        request.columns = ["price", "id"]
        request.offset = 10
        request.limit = 5
        let scan = try log.database.scan(request)
        try log.write((0..<50).map { Row(id: $0, price: -1) })
        #expect(scan.index == 2)
        #expect(scan.schema.fields.map(\.name) == ["price", "id"])
        let batch = try #require(try scan.next())
        #expect((0..<5).map { batch.columns[0].double(at: $0) } == [10, 11, 12, 13, 14])
        #expect(try scan.next() == nil)
        request.columns = ["nope"]
        #expect(failure { _ = try log.database.scan(request) }?.message.contains("nope") == true)
    }

    @Test func `entries are summed up for the log's readers`() throws {
        let log = LoggedDatabase()
        try log.create(primaryKey: ["id"])
        try log.write([Row(id: 1), Row(id: 2)])
        try log.commit(log.database.dropTableCommand(name: "t"))
        let summaries = log.entries.map { log.database.summary(of: $0.payload) }
        #expect(summaries.map { $0?.operation } == ["create_table", "upsert", "drop_table"])
        #expect(summaries.map { $0?.rowCount } == [0, 2, 0])
        #expect(summaries[0]?.table == "t")
        #expect(summaries[1]?.table == nil)
        #expect(summaries[1]?.tableID == 1)
        #expect(log.database.summary(of: ByteBuffer(string: "nothing of the kind")) == nil)
    }
}
