import MarbleArrow
import MarbleCluster
import MarbleDB
import NIOCore
import Testing

/// Random operations against a model of dictionaries and arrays.
@Suite struct DatabasePropertyTests {
    typealias Row = DatabaseFixtures.Row

    private struct Model {
        var keyed: [Int64: Row] = [:]
        var appended: [Row] = []
        var session: UInt64 = 0
    }

    private func row(_ random: inout SeededGenerator, keySpace: Int64) -> Row {
        Row(
            region: ["eu", "us", "", "ü"].randomElement(using: &random) ?? "eu",
            id: Int64.random(in: -keySpace..<keySpace, using: &random),
            price: Bool.random(using: &random) ? Double.random(in: 0..<9, using: &random) : nil,
            live: [true, false, nil].randomElement(using: &random) ?? nil)
    }

    private func step(
        _ log: LoggedDatabase, _ model: inout Model, _ random: inout SeededGenerator
    ) throws {
        let keySpace: Int64 = 300
        let count = [0, 1, 1, 2, 30, 700].randomElement(using: &random) ?? 1
        let rows = (0..<count).map { _ in row(&random, keySpace: keySpace) }
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2:
            try log.write(rows, table: "appended")
            model.appended += rows
        case 3:
            model.session += 1
            let payload = try log.payload(
                DatabaseFixtures.batch(rows), table: "appended",
                appMetadata: #"{"session": "s", "sequence": \#(model.session)}"#)
            for _ in 0..<3 { try log.commit(payload) }
            model.appended += rows
        case 4:
            let keys = DatabaseFixtures.batch(rows).select([1])
            let receipt = try log.commit(
                log.payload(keys, table: "keyed", appMetadata: #"{"operation": "delete"}"#))
            let before = model.keyed.count
            for row in rows { model.keyed[row.id] = nil }
            #expect(receipt.rowCount == before - model.keyed.count)
        case 5:
            let outcome = try log.apply(
                log.payload(
                    DatabaseFixtures.batch(rows), table: "keyed",
                    appMetadata: #"{"operation": "insert"}"#))
            let isConflict =
                Set(rows.map(\.id)).count < rows.count
                || rows.contains { model.keyed[$0.id] != nil }
            if case .done = outcome {
                #expect(!isConflict)
                for row in rows { model.keyed[row.id] = row }
            } else {
                #expect(isConflict)
            }
        default:
            try log.write(rows, table: "keyed")
            for row in rows { model.keyed[row.id] = row }
        }
    }

    @Test(arguments: 0..<6 as Range<UInt64>)
    func `random operations give what the model gives, on every replica`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let log = LoggedDatabase()
        try log.create("keyed", primaryKey: ["id"])
        try log.create("appended")
        var model = Model()
        // One replica applies all at once at the end, one was restored from a snapshot half-way.
        let restored = Database()
        for number in 1...120 {
            try step(log, &model, &random)
            if number == 60 {
                try restored.restore(
                    from: try SnapshotChunks(of: log.database), index: log.database.lastApplied)
            }
            if number % 20 == 0 {
                #expect(try log.rows(ScanRequest(table: "appended")) == model.appended)
                let expected = model.keyed.values.sorted { $0.id < $1.id }
                #expect(try log.rows(ScanRequest(table: "keyed")) == expected)
                #expect(try log.database.table(named: "keyed").rowCount == expected.count)
            }
        }
        let replica = Database()
        _ = replica.apply(log.entries)
        #expect(replica.stateHash() == log.database.stateHash())
        _ = restored.apply(log.entries.filter { $0.index > restored.lastApplied })
        #expect(restored.stateHash() == log.database.stateHash())
        #expect(
            try LoggedDatabase.rows(restored, ScanRequest(table: "keyed"))
                == log.rows(ScanRequest(table: "keyed")))
        try log.write([Row(id: 12345)], table: "keyed")
        #expect(replica.stateHash() != log.database.stateHash())
    }

    @Test func `damaged payloads are refused or applied, alike on all nodes, and never trap`()
        throws
    {
        let log = LoggedDatabase()
        try log.create(primaryKey: ["region", "id"])
        let write = try log.payload(
            DatabaseFixtures.batch([Row(id: 1), Row(region: "us", id: 2)]),
            appMetadata: #"{"session": "s", "sequence": 1}"#)
        let create = try log.database.createTableCommand(
            name: "another", schemaMessage: DatabaseFixtures.schemaMessage(DatabaseFixtures.schema),
            primaryKey: ["id"])
        let drop = try log.database.dropTableCommand(name: "another")
        for payload in [write, create, drop] {
            for position in 0..<payload.readableBytes {
                let byte = payload.getInteger(at: position, as: UInt8.self) ?? 0
                for flip in [0x01, 0x80, 0xFF] as [UInt8] {
                    var damaged = payload
                    damaged.setInteger(byte ^ flip, at: position)
                    try log.apply(damaged)
                    _ = log.database.summary(of: damaged)
                }
                try log.apply(payload.getSlice(at: 0, length: position) ?? ByteBuffer())
            }
        }
        try log.write([Row(id: 3)])
        let replica = Database()
        _ = replica.apply(log.entries)
        #expect(replica.stateHash() == log.database.stateHash())
    }
}
