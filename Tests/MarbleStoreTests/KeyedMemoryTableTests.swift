import MarbleArrow
import MarbleStore
import Testing

@Suite struct KeyedMemoryTableTests {
    typealias Row = StoreFixtures.Row

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `random changes give what a dictionary gives`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let table = StoreFixtures.keyedTable()
        var model: [String: Int64?] = [:]
        let keySpace = [8, 100, 2000].randomElement(using: &random) ?? 8
        func key() -> String { "k\(Int.random(in: 0..<keySpace, using: &random))" }
        for version in 1...150 as ClosedRange<UInt64> {
            let count = [0, 1, 1, 1, 5, 40, 90].randomElement(using: &random) ?? 1
            let rows = (0..<count).map { _ in
                Row(key: key(), value: Bool.random(using: &random) ? Int64(version) : nil)
            }
            switch Int.random(in: 0..<10, using: &random) {
            case 0...1:
                let batch = StoreFixtures.keys(rows.map(\.key))
                let removed = try table.delete(batch, keyColumns: [0], version: version)
                let existing = Set(rows.map(\.key)).filter { model[$0] != nil }
                #expect(removed == existing.count)
                for key in existing { model.removeValue(forKey: key) }
            case 2:
                let isConflict =
                    Set(rows.map(\.key)).count < rows.count
                    || rows.contains { model[$0.key] != nil }
                do {
                    try table.insert(StoreFixtures.batch(rows), version: version)
                    #expect(!isConflict)
                    for row in rows { model[row.key] = .some(row.value) }
                } catch {
                    #expect(isConflict)
                }
            default:
                table.upsert(StoreFixtures.batch(rows), version: version)
                for row in rows { model[row.key] = .some(row.value) }
            }
            if version % 10 == 0 {
                let expected = model.keys.sorted().map { Row(key: $0, value: model[$0] ?? nil) }
                let capture = table.capture()
                #expect(capture.rowCount == expected.count)
                #expect(try StoreFixtures.rows(capture, order: .keyAscending) == expected)
                #expect(
                    try StoreFixtures.rows(capture, order: .keyDescending) == expected.reversed())
                let stored = try StoreFixtures.rows(capture, order: .stored)
                #expect(stored.sorted { $0.key < $1.key } == expected)
            }
        }
    }

    @Test func `a capture doesn't change with the table`() throws {
        let table = StoreFixtures.keyedTable()
        table.upsert(
            StoreFixtures.batch((0..<200).map { Row(key: "k\($0)", value: Int64($0)) }), version: 1)
        let capture = table.capture()
        let before = try StoreFixtures.rows(capture, order: .keyAscending)
        for version in 2..<100 as Range<UInt64> {
            table.upsert(
                StoreFixtures.batch([Row(key: "k\(version)", value: -1)]), version: version)
        }
        _ = try table.delete(
            StoreFixtures.keys((0..<150).map { "k\($0)" }), keyColumns: [0], version: 100)
        #expect(try StoreFixtures.rows(capture, order: .keyAscending) == before)
        #expect(before.count == 200)
        #expect(table.capture().rowCount == 50)
    }

    @Test func `the last of equal keys in a batch wins`() throws {
        let table = StoreFixtures.keyedTable()
        let rows = [Row(key: "a", value: 1), Row(key: "b", value: 2), Row(key: "a", value: 3)]
        table.upsert(StoreFixtures.batch(rows), version: 1)
        #expect(
            try StoreFixtures.rows(table.capture(), order: .keyAscending)
                == [Row(key: "a", value: 3), Row(key: "b", value: 2)])
    }

    @Test func `a refused insert leaves nothing behind`() throws {
        let table = StoreFixtures.keyedTable()
        table.upsert(StoreFixtures.batch([Row(key: "b", value: 1)]), version: 1)
        let rows = [Row(key: "a", value: 2), Row(key: "b", value: 2)]
        #expect(throws: StoreError.self) {
            try table.insert(StoreFixtures.batch(rows), version: 2)
        }
        #expect(table.capture().version == 1)
        try table.insert(StoreFixtures.batch([Row(key: "a", value: 5)]), version: 3)
        #expect(
            try StoreFixtures.rows(table.capture(), order: .keyAscending)
                == [Row(key: "a", value: 5), Row(key: "b", value: 1)])
    }

    @Test func `one row that is overwritten again and again doesn't pile up`() throws {
        let table = StoreFixtures.keyedTable()
        for version in 1...10_000 as ClosedRange<UInt64> {
            table.upsert(
                StoreFixtures.batch([Row(key: "hot", value: Int64(version))]), version: version)
        }
        let capture = table.capture()
        #expect(
            try StoreFixtures.rows(capture, order: .keyAscending)
                == [Row(key: "hot", value: 10_000)])
        #expect(capture.byteCount < 4096)
    }

    @Test func `content hashes don't depend on how rows were batched`() {
        let rows = (0..<300).map { Row(key: "k\($0)", value: Int64($0)) }
        let whole = StoreFixtures.keyedTable()
        whole.upsert(StoreFixtures.batch(rows), version: 1)
        let single = StoreFixtures.keyedTable()
        for row in rows.reversed() { single.upsert(StoreFixtures.batch([row]), version: 1) }
        let hash = whole.capture().contentHash(isKeyed: true)
        #expect(single.capture().contentHash(isKeyed: true) == hash)
        single.upsert(StoreFixtures.batch([Row(key: "k5", value: nil)]), version: 2)
        #expect(single.capture().contentHash(isKeyed: true) != hash)
    }
}
