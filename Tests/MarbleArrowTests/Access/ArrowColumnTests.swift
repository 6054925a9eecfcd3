import MarbleArrow
import Testing

@Suite struct ArrowColumnTests {
    private func batch() -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(
            schema: ArrowSchema([
                ArrowField("price", .float32), ArrowField("count", .uint16),
                ArrowField("word", .dictionary(of: .utf8)),
                ArrowField("run", .runEndEncoded(of: .int32)),
                ArrowField("scores", .list(of: .float64)), ArrowField("blob", .binary),
                ArrowField("bytes", .list(of: .uint8)),
            ]))
        for row in 0..<5 {
            let columns = builder.columns
            if row == 3 {
                columns.forEach { $0.appendNull() }
                continue
            }
            columns[0].append(Double(row) / 2)
            columns[1].append(row * 1000)
            columns[2].append(row < 2 ? "low" : "high")
            columns[3].append(row / 2)
            columns[4].appendList { items in
                items.append(Double(row))
                items.appendNull()
            }
            columns[5].append([UInt8(row)])
            columns[6].appendList { items in items.append(row) }
        }
        return builder.finish()
    }

    @Test func `columns are collections of Swift values, nil where they are null`() throws {
        let batch = batch()
        #expect(Array(try batch["price", as: Double.self]) == [0, 0.5, 1, nil, 2])
        #expect(Array(try batch["count", as: Int.self]) == [0, 1000, 2000, nil, 4000])
        #expect(Array(try batch["count", as: UInt16.self]) == [0, 1000, 2000, nil, 4000])
        #expect(Array(try batch["word", as: String.self]) == ["low", "low", "high", nil, "high"])
        #expect(Array(try batch["run", as: Int.self]) == [0, 0, 1, nil, 2])
        #expect(try batch["scores", as: [Double?].self][4] == [4, nil])
        #expect(Array(try batch["blob", as: [UInt8].self]) == [[0], [1], [2], nil, [4]])
        #expect(Array(try batch["bytes", as: [UInt8].self]) == [[0], [1], [2], nil, [4]])
        #expect(try batch["word", as: ArrowValue.self][2] == .text("high"))
        let slice = batch.slice(offset: 2, length: 3)
        #expect(try slice["price", as: Float.self].compactMap { $0 } == [1, 2])
        #expect(Array(try slice["run", as: Int64.self]) == [1, nil, 2])
    }

    @Test func `a type that doesn't fit is refused with the column's name and type`() throws {
        let batch = batch()
        let error = #expect(throws: ArrowError.self) { _ = try batch["count", as: Int8.self] }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("\"count\"") == true)
        #expect(error?.message.contains("uint16") == true)
        #expect(throws: ArrowError.self) { _ = try batch["price", as: String.self] }
        #expect(throws: ArrowError.self) { _ = try batch["scores", as: [String].self] }
        #expect(throws: ArrowError.self) { _ = try batch["nothing", as: Int.self] }
    }

    @Test func `a null item traps where items aren't optional`() async {
        await #expect(processExitsWith: .failure) {
            let builder = ArrowColumnBuilder(.list(of: .int64))
            builder.appendList { $0.appendNull() }
            _ = try ArrowColumn<[Int]>(builder.finish())[0]
        }
    }

    /// The program of the README, with what it prints collected.
    @Test func `a stream that was just written is read as Swift values`() throws {
        let schema = ArrowSchema([
            ArrowField("city", .dictionary(of: .utf8)),
            ArrowField("temperatures", .list(of: .float64)),
        ])
        var builder = ArrowRecordBatchBuilder(schema: schema)
        builder.columns[0].append("Paris")
        builder.columns[1].appendList { items in
            items.append(21.5)
            items.appendNull()
        }
        var writer = ArrowStreamWriter(schema: schema)
        try writer.write(builder.finish())
        writer.finish()
        var reader = ArrowStreamReader()
        reader.append(writer.takeBytes())
        var cities: [String] = []
        var rows: [[Double?]] = []
        while let event = try reader.next() {
            guard case .recordBatch(let batch) = event else { continue }
            for city in try batch["city", as: String.self] { cities.append(city ?? "nowhere") }
            for row in try batch["temperatures", as: [Double?].self] { rows.append(row ?? []) }
        }
        #expect(cities == ["Paris"] && rows == [[21.5, nil]])
    }
}
