import MarbleArrow
import MarbleStore
import Testing

@Suite struct StoreScanTests {
    typealias Row = StoreFixtures.Row

    private func table(_ count: Int, shuffled: Bool) -> KeyedMemoryTable {
        var random = SeededGenerator(seed: 1)
        var numbers = Array(0..<count)
        if shuffled { numbers.shuffle(using: &random) }
        let table = KeyedMemoryTable(
            schema: StoreFixtures.schema, keyColumns: [0],
            configuration: StoreConfiguration(hashSeed: 1))
        table.upsert(
            StoreFixtures.batch(numbers.map { Row(key: "k\($0 + 100_000)", value: Int64($0)) }),
            version: 1)
        return table
    }

    @Test(arguments: [false, true])
    func `offset and limit cut the rows out of the middle`(shuffled: Bool) throws {
        let capture = table(20_000, shuffled: shuffled).capture()
        for (offset, limit) in [(0, 0), (0, 1), (3, 5), (4000, 9000), (19_990, 100), (30_000, 1)] {
            let rows = try StoreFixtures.rows(
                capture, order: .keyAscending, offset: offset, rowCountMax: limit)
            let expected = (0..<20_000).dropFirst(offset).prefix(limit).map { Int64($0) }
            #expect(rows.map(\.value) == expected)
            let descending = try StoreFixtures.rows(
                capture, order: .keyDescending, offset: offset, rowCountMax: limit)
            let reversed = (0..<20_000).reversed().dropFirst(offset).prefix(limit).map { Int64($0) }
            #expect(descending.map(\.value) == reversed)
        }
    }

    @Test(arguments: [false, true])
    func `no batch exceeds the limits`(shuffled: Bool) throws {
        let capture = table(20_000, shuffled: shuffled).capture()
        for limit in [
            ScanBatchLimit(rowCount: 777, byteCount: 1 << 20),
            ScanBatchLimit(rowCount: 65536, byteCount: 5000),
        ] {
            var scan = StoreScan(
                capture, schema: StoreFixtures.schema, columns: [1, 0], order: .keyAscending,
                offset: 0, rowCountMax: nil, limit: limit)
            var count = 0
            while let batch = try scan.next() {
                #expect(batch.rowCount <= limit.rowCount)
                #expect(batch.byteCount <= limit.byteCount)
                #expect(batch.schema.fields.map(\.name) == ["value", "key"])
                count += batch.rowCount
            }
            #expect(count == 20_000)
            #expect(scan.rowsReturned == 20_000)
        }
    }

    @Test func `a single row above the limit goes alone`() throws {
        let table = AppendMemoryTable(configuration: StoreFixtures.configuration)
        let big = String(repeating: "x", count: 50_000)
        for version in 1...3 as ClosedRange<UInt64> {
            table.upsert(StoreFixtures.batch([Row(key: big, value: 1)]), version: version)
        }
        var scan = StoreScan(
            table.capture(), schema: StoreFixtures.schema, columns: nil, order: .stored, offset: 0,
            rowCountMax: nil, limit: StoreFixtures.limit)
        var counts: [Int] = []
        while let batch = try scan.next() { counts.append(batch.rowCount) }
        #expect(counts == [1, 1, 1])
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `sorted chunks that overlap are merged in order`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var chunks = [[Row]](repeating: [], count: 5)
        var chunk = 0
        for number in 0..<1000 {
            if Int.random(in: 0..<100, using: &random) == 0 {
                chunk = Int.random(in: 0..<5, using: &random)
            }
            chunks[chunk].append(Row(key: "k\(number + 1000)", value: Int64(number)))
        }
        let table = StoreFixtures.keyedTable()
        for (index, chunk) in chunks.enumerated() {
            table.upsert(StoreFixtures.batch(chunk), version: UInt64(index + 1))
        }
        let values = try StoreFixtures.rows(table.capture(), order: .keyAscending).map(\.value)
        #expect(values == (0..<1000).map { Int64($0) })
    }
}
