import MarbleArrow
import Testing

@Suite struct ArrowFormatterTests {
    private func column(
        _ type: ArrowType, _ values: [ArrowValue]
    ) throws -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(schema: ArrowSchema([ArrowField("a", type)]))
        for value in values { builder.columns[0].append(value) }
        return builder.finish()
    }

    /// The cells of a table of one column.
    private func cells(_ type: ArrowType, _ values: [ArrowValue]) throws -> [String] {
        let batch = try column(type, values)
        var formatter = ArrowTableFormatter(schema: batch.schema, valueWidthMax: 100)
        return formatter.lines(of: batch).split(separator: "\n").dropFirst(3).map {
            String($0).trimmingSpaces
        }
    }

    @Test func `times are written in ISO 8601`() throws {
        #expect(
            try cells(.date32, [.int(0), .int(-1), .int(19_782), .int(-719_529), .null])
                == ["1970-01-01", "1969-12-31", "2024-02-29", "-0001-12-31", "null"])
        #expect(try cells(.date64, [.int(-86_400_000)]) == ["1969-12-31"])
        #expect(
            try cells(.timestamp(.microsecond, timezone: "UTC"), [.int(-1), .int(1_500_000)])
                == ["1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:01.500000Z"])
        #expect(
            try cells(.timestamp(.second, timezone: nil), [.int(.max), .int(86_399)]).last
                == "1970-01-01T23:59:59")
        #expect(
            try cells(.time64(.nanosecond), [.int(86_399_000_000_001), .int(-5)])
                == ["23:59:59.000000001", "-5 ns"])
        #expect(try cells(.duration(.millisecond), [.int(-3)]) == ["-3 ms"])
    }

    @Test func `decimals have their point where it belongs`() throws {
        let type = ArrowType.decimal128(precision: 10, scale: 2)
        let values = [12_345, -5, 0, -12_345].map { ArrowValue.decimal(ArrowInt256(Int128($0))) }
        #expect(try cells(type, values) == ["123.45", "-0.05", "0.00", "-123.45"])
        #expect(try cells(.decimal128(precision: 10, scale: -2), [values[0]]) == ["1234500"])
    }

    @Test func `nested values are written with their names`() throws {
        let type = ArrowType.struct([
            ArrowField("id", .int64), ArrowField("tags", .list(of: .utf8)),
        ])
        let value = ArrowValue.structure([.int(1), .list([.text("x"), .null])])
        #expect(try cells(type, [value, .null]) == ["{id: 1, tags: [x, null]}", "null"])
        #expect(
            try cells(
                .map(key: .utf8, value: .binary),
                [.map([.init(key: .text("k"), value: .bytes([10, 255]))])])
                == ["{k: 0aff}"])
    }

    @Test func `a table is aligned, and long and unprintable values are shortened`() throws {
        let schema = ArrowSchema([ArrowField("n", .int64), ArrowField("text", .utf8)])
        var builder = ArrowRecordBatchBuilder(schema: schema)
        for (number, text) in [(7, "a\u{1B}[31m"), (-1234, "much longer than ten")] {
            builder.columns[0].append(number)
            builder.columns[1].append(text)
        }
        let batch = builder.finish()
        var formatter = ArrowTableFormatter(schema: schema, valueWidthMax: 10)
        #expect(
            formatter.lines(of: batch) == """
                    n  text
                int64  string
                -----  ----------
                    7  a\u{FFFD}[31m
                -1234  much long…

                """)
        #expect(formatter.lines(of: batch.slice(offset: 0, length: 1)) == "    7  a\u{FFFD}[31m\n")
        #expect(batch.description.hasPrefix("2 rows of 2 columns\n"))
        #expect(batch.columns[0].description == "2 × int64: [7, -1234]")
    }

    @Test func `JSON lines keep numbers, and text whatever it holds`() throws {
        let schema = ArrowSchema([ArrowField("n\"", .float64), ArrowField("text", .utf8)])
        var builder = ArrowRecordBatchBuilder(schema: schema)
        for (number, text) in [(1.5, "a\"\\\n\u{1}"), (Double.infinity, "grüße")] {
            builder.columns[0].append(number)
            builder.columns[1].append(text)
        }
        #expect(
            ArrowJSONFormatter(schema: schema).lines(of: builder.finish()) == #"""
                {"n\"":1.5,"text":"a\"\\\n\u0001"}
                {"n\"":null,"text":"grüße"}

                """#)
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(self.drop(while: { $0 == " " }).reversed().drop(while: { $0 == " " }).reversed())
    }
}
