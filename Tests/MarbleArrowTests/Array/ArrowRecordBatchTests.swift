import MarbleArrow
import Testing

@Suite struct ArrowRecordBatchTests {
    private let schema = ArrowSchema([
        ArrowField("id", .int64, nullable: false), ArrowField("name", .utf8),
    ])

    private func column(_ type: ArrowType, _ append: (ArrowColumnBuilder) -> Void) -> ArrowArray {
        let builder = ArrowColumnBuilder(type)
        append(builder)
        return builder.finish()
    }

    @Test func `columns that are not those of the schema are refused by name`() throws {
        let id = column(.int64) { $0.append(1) }
        let name = column(.utf8) { $0.append("a") }
        #expect(try ArrowRecordBatch(schema: schema, columns: [id, name]).rowCount == 1)
        let wrong: [([ArrowArray], String)] = [
            ([id], "2 columns"), ([name, name], "\"id\""), ([id, id], "\"name\""),
            ([id, column(.utf8) { _ in }], "\"name\""),
            ([column(.int64) { $0.appendNull() }, name], "\"id\""),
        ]
        for (columns, part) in wrong {
            let error = #expect(throws: ArrowError.self) {
                try ArrowRecordBatch(schema: schema, columns: columns)
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(part) == true)
        }
    }

    @Test func `columns are selected in the order asked for`() {
        let batch = Samples.every(rowCount: 5)
        let selected = batch.select([12, 4, 12])
        #expect(selected.schema.fields.map(\.name) == ["column 12", "column 4", "column 12"])
        #expect(selected.columns == [batch.columns[12], batch.columns[4], batch.columns[12]])
        #expect(selected.rowCount == 5)
        #expect(batch.column("column 4") == batch.columns[4])
        #expect(batch.column("column 99") == nil)
    }

    @Test func `rows are taken in any order and as often as they are named`() throws {
        let batch = Samples.every(rowCount: 40)
        let rows: [Int32] = [39, 0, 0, 1, 2, 3, 17, 39]
        let taken = try batch.take(rows: rows)
        #expect(taken.rowCount == rows.count)
        for (column, source) in zip(taken.columns, batch.columns) {
            for (index, row) in rows.enumerated() {
                #expect(Canonical.value(column, index) == Canonical.value(source, Int(row)))
            }
        }
        #expect(try batch.take(rows: [Int]()) == .empty(batch.schema))
    }

    @Test func `batches are concatenated, and of other types refused`() throws {
        let batch = Samples.every(rowCount: 40)
        let parts = [
            batch.slice(offset: 0, length: 13), batch.slice(offset: 13, length: 0),
            batch.slice(offset: 13, length: 27),
        ]
        #expect(try ArrowRecordBatch.concatenate(parts) == batch)
        #expect(throws: ArrowError.self) {
            try ArrowRecordBatch.concatenate([batch, batch.select([0])])
        }
        #expect(throws: ArrowError.self) { try ArrowRecordBatch.concatenate([]) }
    }

    @Test func `the size of a slice is that of its own rows`() {
        let batch = ArrowRecordBatchTests.sized()
        #expect(batch.byteCount == 4 * 8 + 5 * 4 + 12)
        #expect(batch.slice(offset: 1, length: 2).byteCount == 2 * 8 + 3 * 4 + 6)
        #expect(batch.slice(offset: 1, length: 0).byteCount == 4)
    }

    @Test func `a schema of the same types can be put over a batch`() throws {
        let batch = Samples.every(rowCount: 3)
        let other = Samples.schema(of: Samples.types, metadata: ["other": "1"])
        #expect(try batch.with(schema: other).schema == other)
        #expect(throws: ArrowError.self) { try batch.with(schema: ArrowSchema([])) }
    }

    private static func sized() -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(
            schema: ArrowSchema([ArrowField("id", .int64), ArrowField("name", .utf8)]))
        for row in 0..<4 {
            builder.columns[0].append(row)
            builder.columns[1].append("abc")
        }
        return builder.finish()
    }
}
