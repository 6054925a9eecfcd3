import MarbleArrow
import MarbleStore
import Testing

@Suite struct AppendMemoryTableTests {
    typealias Row = StoreFixtures.Row

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `rows stay in log order, each exactly once`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let table = AppendMemoryTable(configuration: StoreFixtures.configuration)
        var model: [Row] = []
        for version in 1...300 as ClosedRange<UInt64> {
            let count = [0, 1, 1, 2, 10, 40, 70, 300].randomElement(using: &random) ?? 1
            let rows = (0..<count).map { _ in
                Row(key: "same", value: Int64.random(in: 0..<1000, using: &random))
            }
            table.upsert(StoreFixtures.batch(rows), version: version)
            model += rows
        }
        let capture = table.capture()
        #expect(capture.rowCount == model.count)
        #expect(capture.version == 300)
        #expect(try StoreFixtures.rows(capture, order: .stored) == model)
    }

    @Test func `rows can't be deleted`() {
        let table = AppendMemoryTable(configuration: StoreFixtures.configuration)
        #expect(throws: StoreError.self) {
            try table.delete(StoreFixtures.keys(["a"]), keyColumns: [0], version: 1)
        }
    }
}
