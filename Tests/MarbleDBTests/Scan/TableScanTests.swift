import MarbleArrow
import MarbleDB
import NIOCore
import Synchronization
import Testing

@Suite struct TableScanTests {
    typealias Row = DatabaseFixtures.Row

    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    /// Applies 400 batches on one task while others scan.
    private func scanBesideApplies(
        primaryKey: [String], check: @escaping @Sendable (TableScan, [Row]) -> Bool
    ) async throws {
        let log = LoggedDatabase()
        try log.create(primaryKey: primaryKey)
        let database = log.database
        let done = Flag()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    var count = 0
                    var isLast = false
                    while !isLast {
                        isLast = done.isSet.load(ordering: .acquiring)
                        let scan = try database.scan(ScanRequest(table: "t"))
                        var rows: [Row] = []
                        while let batch = try scan.next() { rows += DatabaseFixtures.rows(batch) }
                        #expect(check(scan, rows))
                        count += 1
                        await Task.yield()
                    }
                    return count
                }
            }
            for number in 0..<400 as Range<Int64> {
                try log.write((0..<10).map { Row(id: $0, price: Double(number)) })
                if number % 20 == 0 { await Task.yield() }
            }
            done.isSet.store(true, ordering: .releasing)
            for try await count in group { #expect(count > 0) }
        }
    }

    @Test func `a scan beside applies sees whole batches, up to its index`() async throws {
        try await scanBesideApplies(primaryKey: []) { scan, rows in
            // The table was created at index 1, each entry behind it brought ten rows.
            rows.count == Int(scan.index - 1) * 10
                && rows.enumerated().allSatisfy {
                    $1.id == Int64($0 % 10) && $1.price == Double($0 / 10)
                }
        }
    }

    @Test func `a scan beside overwrites sees each key once, of one version`() async throws {
        try await scanBesideApplies(primaryKey: ["id"]) { scan, rows in
            if scan.index == 1 { return rows.isEmpty }
            return rows.map(\.id) == Array(0..<10)
                && rows.allSatisfy { $0.price == Double(scan.index - 2) }
        }
    }

    @Test func `encoded batches stay below four MiB`() throws {
        let log = LoggedDatabase()
        try log.create(primaryKey: ["id"])
        let text = String(repeating: "x", count: 3000)
        for start in stride(from: 0, to: 6000, by: 500) as StrideTo<Int64> {
            try log.write((start..<start + 500).map { Row(region: text, id: ($0 * 7919) % 6000) })
        }
        let scan = try log.database.scan(ScanRequest(table: "t"))
        var rowCount = 0
        while let batch = try scan.next() {
            let encoded = ArrowIPC.encodeRecordBatch(batch)
            #expect(encoded.header.count + encoded.bodyByteCount < 4 << 20)
            rowCount += batch.rowCount
        }
        #expect(rowCount == 6000)
        #expect(scan.rowsReturned == 6000)
    }
}
