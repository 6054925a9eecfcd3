import MarbleArrow
import MarbleCluster
import MarbleDB
import NIOCore
import Testing

@Suite struct SnapshotTests {
    typealias Row = DatabaseFixtures.Row

    private func sample() throws -> LoggedDatabase {
        let log = LoggedDatabase()
        try log.create("keyed", primaryKey: ["region", "id"])
        try log.create("appended")
        try log.create("empty", primaryKey: ["id"])
        for number in 0..<40 as Range<Int64> {
            let rows = [Row(id: number % 7, price: Double(number)), Row(region: "us", id: number)]
            let metadata = #"{"session": "s\#(number % 3)", "sequence": \#(number)}"#
            try log.write(rows, table: "keyed", appMetadata: metadata)
            try log.write(rows, table: "appended")
        }
        try log.write(
            [Row(region: "us", id: 5)], table: "keyed", appMetadata: #"{"operation": "delete"}"#)
        try log.write([Row(id: 1)], table: "empty")
        try log.write([Row(id: 1)], table: "empty", appMetadata: #"{"operation": "delete"}"#)
        return log
    }

    @Test func `a restored database is the same and goes on the same`() throws {
        let log = try sample()
        let chunks = try SnapshotChunks(of: log.database)
        let restored = Database()
        try restored.restore(from: chunks, index: log.database.lastApplied + 3)
        #expect(restored.stateHash() == log.database.stateHash())
        #expect(restored.lastApplied == log.database.lastApplied + 3)
        #expect(restored.tables.map(\.name) == log.database.tables.map(\.name))
        for table in log.database.tables {
            let request = ScanRequest(table: table.name)
            #expect(try LoggedDatabase.rows(restored, request) == log.rows(request))
            let other = try restored.table(named: table.name)
            #expect(other.id == table.id)
            #expect(other.primaryKey == table.primaryKey)
            #expect(other.schemaMessage == table.schemaMessage)
            #expect(other.changedIndex == table.changedIndex)
        }
        #expect(
            try SnapshotChunks(of: restored).chunks.map(\.readableBytes)
                == chunks.chunks.map(\.readableBytes))
    }

    @Test func `what is applied after the capture isn't in the snapshot`() throws {
        let log = try sample()
        let hash = log.database.stateHash()
        let capture = try log.database.snapshot()
        try log.write((0..<100).map { Row(id: $0) }, table: "keyed")
        try log.write((0..<100).map { Row(id: $0) }, table: "appended")
        try log.commit(log.database.dropTableCommand(name: "empty"))
        var chunks: [ByteBuffer] = []
        try capture.write { chunks.append($0) }
        let restored = Database()
        try restored.restore(from: SnapshotChunks(chunks), index: 1000)
        #expect(restored.stateHash() == hash)
        #expect(log.database.stateHash() != hash)
    }

    @Test func `chunks stay within their limit, also with rows that don't`() throws {
        let log = LoggedDatabase()
        try log.create()
        let big = String(repeating: "x", count: 9 << 20)
        try log.write([Row(region: big, id: 1)])
        for number in 0..<20 {
            try log.write([Row(region: String(repeating: "y", count: 1 << 20), id: Int64(number))])
        }
        let chunks = try SnapshotChunks(of: log.database)
        #expect(chunks.chunks.allSatisfy { $0.readableBytes <= 4 << 20 })
        let restored = Database()
        try restored.restore(from: chunks, index: 100)
        #expect(restored.stateHash() == log.database.stateHash())
        #expect(try LoggedDatabase.rows(restored).first?.region == big)
    }

    @Test func `a damaged snapshot is refused and changes nothing`() throws {
        let log = LoggedDatabase()
        try log.create(primaryKey: ["region", "id"])
        try log.write(
            [Row(id: 1), Row(region: "us", id: 2)],
            appMetadata: #"{"session": "s", "sequence": 1}"#)
        let good = try SnapshotChunks(of: log.database).chunks
        let target = try sample()
        let hash = target.database.stateHash()
        let applied = target.database.lastApplied
        func attempt(_ chunks: [ByteBuffer]) -> Bool {
            let fresh = Database()
            do {
                try fresh.restore(from: SnapshotChunks(chunks), index: 100)
                return true
            } catch {
                #expect(error is DatabaseError, "\(error)")
                #expect(fresh.tables.isEmpty && fresh.lastApplied == 0)
                return false
            }
        }
        #expect(attempt(good))
        for missing in good.indices {
            var chunks = good
            chunks.remove(at: missing)
            #expect(!attempt(chunks))
            chunks = good
            chunks.insert(good[missing], at: missing)
            #expect(!attempt(chunks))
            for length in 0..<good[missing].readableBytes {
                chunks = good
                chunks[missing] = good[missing].getSlice(at: 0, length: length) ?? ByteBuffer()
                // Padding behind the last column's values may be missed by nobody.
                if attempt(chunks) { #expect(good[missing].readableBytes - length < 64) }
                let byte = good[missing].getInteger(at: length, as: UInt8.self) ?? 0
                for flip in [0x03, 0x81] as [UInt8] {
                    chunks = good
                    chunks[missing].setInteger(byte ^ flip, at: length)
                    _ = attempt(chunks)
                }
            }
        }
        var cut = good
        cut[2] = ByteBuffer(string: "garbage")
        #expect(throws: DatabaseError.self) {
            try target.database.restore(from: SnapshotChunks(cut), index: 1000)
        }
        #expect(target.database.stateHash() == hash)
        #expect(target.database.lastApplied == applied)
    }
}
