import MarbleArrow
import Testing

@Suite struct ArrowGatherTests {
    @Test func `rows of many batches come out in the order in which they were appended`() throws {
        var random = FixedRandom(state: 3)
        let whole = Samples.every(rowCount: 200)
        let sources = [
            whole, whole.slice(offset: 11, length: 90),
            Samples.every(rowCount: 60, nullDistance: 0),
            Samples.every(rowCount: 1),
        ]
        var gather = ArrowGather(schema: whole.schema)
        for source in sources { _ = try gather.addSource(source) }
        var expected: [(Int, Int)] = []
        for _ in 0..<300 {
            let source = Int.random(in: 0..<sources.count, using: &random)
            let row = Int.random(in: 0..<sources[source].rowCount, using: &random)
            if Bool.random(using: &random) {
                gather.append(source: source, row: row)
                expected.append((source, row))
            } else {
                let end = Int.random(in: row...sources[source].rowCount, using: &random)
                gather.append(source: source, rows: row..<end)
                expected += (row..<end).map { (source, $0) }
            }
        }
        #expect(gather.rowCount == expected.count)
        let batch = try gather.finish()
        #expect(batch.rowCount == expected.count)
        for (index, column) in batch.columns.enumerated() {
            let seen = (0..<column.length).map { Canonical.value(column, $0) }
            let wanted = expected.map { Canonical.value(sources[$0.0].columns[index], $0.1) }
            #expect(seen == wanted, "\(column.type)")
        }
        #expect(try ArrowIPC.roundTrip(batch) == batch)
    }

    @Test func `it is full once it has so many rows, or so many bytes`() throws {
        let schema = ArrowSchema([ArrowField("id", .int64), ArrowField("text", .utf8)])
        var builder = ArrowRecordBatchBuilder(schema: schema)
        for row in 0..<10 {
            builder.columns[0].append(row)
            builder.columns[1].append(String(repeating: "x", count: 100))
        }
        let batch = builder.finish()
        var byRows = ArrowGather(schema: schema, rowCountMax: 3)
        var byBytes = ArrowGather(schema: schema, byteCountMax: 250)
        _ = try byRows.addSource(batch)
        _ = try byBytes.addSource(batch)
        var rows = 0
        while !byRows.isFull {
            byRows.append(source: 0, row: rows)
            rows += 1
        }
        #expect(rows == 3)
        byBytes.append(source: 0, rows: 0..<2)
        #expect(byBytes.byteCount == 2 * (8 + 4 + 100))
        #expect(!byBytes.isFull)
        byBytes.append(source: 0, row: 9)
        #expect(byBytes.isFull)
        #expect(try byBytes.finish().columns[0].int64(at: 2) == 9)
        #expect(!byBytes.isFull && byBytes.byteCount == 0)
        byBytes.append(source: 0, row: 5)
        #expect(try byBytes.finish().columns[0].int64(at: 0) == 5)
    }

    @Test func `only the columns asked for are made`() throws {
        let batch = Samples.every(rowCount: 20)
        var gather = ArrowGather(schema: batch.schema, columns: [13, 0])
        let source = try gather.addSource(batch)
        gather.append(source: source, rows: 5..<15)
        #expect(try gather.finish() == batch.slice(offset: 5, length: 10).select([13, 0]))
    }

    @Test func `nulls from a source are refused where the schema allows none`() throws {
        let strict = ArrowSchema([ArrowField("id", .int64, nullable: false)])
        var builder = ArrowRecordBatchBuilder(schema: ArrowSchema([ArrowField("id", .int64)]))
        builder.columns[0].append(1)
        builder.columns[0].appendNull()
        let batch = builder.finish()
        var gather = ArrowGather(schema: strict)
        let source = try gather.addSource(batch)
        gather.append(source: source, row: 0)
        #expect(try gather.finish().rowCount == 1)
        gather.append(source: source, row: 1)
        #expect(throws: ArrowError.self) { try gather.finish() }
    }

    @Test func `a builder takes single rows of a batch`() {
        let batch = Samples.every(rowCount: 30)
        var builder = ArrowRecordBatchBuilder(schema: batch.schema, expectedRowCount: 30)
        for row in 0..<30 { builder.append(from: batch, row: row) }
        #expect(builder.rowCount == 30)
        #expect(builder.finish() == batch)
    }
}
