import Testing

@testable import MarbleArrow

/// Record batches of one column that break one rule each.
@Suite struct ArrowValidationTests {
    private struct Column {
        var type: ArrowType
        var nullable = true
        var rowCount = 2
        var length = 2
        var nullCount = 0
        var buffers: [[UInt8]]
    }

    private static let text = Column(
        type: .utf8, buffers: [[], [0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0], [97, 0xC3, 0xA4]])
    private static let numbers = Column(type: .int16, buffers: [[], [1, 0, 2, 0]])

    @discardableResult
    private func decode(
        _ column: Column, _ validation: ArrowValidation = .full
    ) throws -> ArrowRecordBatch {
        let count = RecordBatchHeaderEncoder.byteCount(
            nodeCount: 1, bufferCount: column.buffers.count)
        var header = [UInt8](repeating: 0, count: count)
        header.withUnsafeMutableBytes { target in
            var encoder = RecordBatchHeaderEncoder(
                into: target, rowCount: column.rowCount, nodeCount: 1,
                bufferCount: column.buffers.count)
            encoder.appendNode(length: column.length, nullCount: column.nullCount)
            for buffer in column.buffers { encoder.appendBuffer(byteCount: buffer.count) }
            _ = encoder.finish()
        }
        let body = column.buffers.flatMap {
            $0 + [UInt8](repeating: 0, count: ArrowFormat.padding(after: $0.count))
        }
        return try ArrowIPC.decodeRecordBatch(
            header: ArrowBuffer(header), body: ArrowBuffer(body),
            schema: ArrowSchema([ArrowField("the column", column.type, nullable: column.nullable)]),
            validation: validation)
    }

    private func expectRefused(
        _ base: Column, _ part: String, _ validation: ArrowValidation = .full,
        _ change: (inout Column) -> Void
    ) {
        var column = base
        change(&column)
        let error = #expect(throws: ArrowError.self) { try decode(column, validation) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("\"the column\"") == true)
        #expect(error?.message.contains(part) == true, "\(String(describing: error))")
    }

    @Test func `the batches that the others break are good`() throws {
        #expect(try decode(Self.text).columns[0].string(at: 1) == "ä")
        #expect(try decode(Self.numbers).columns[0].int64(at: 1) == 2)
    }

    @Test func `offsets that decrease, leave the bytes, or are missing are refused`() {
        expectRefused(Self.text, "decrease") {
            $0.rowCount = 3
            $0.length = 3
            $0.buffers[1] = [0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0]
        }
        expectRefused(Self.text, "decrease") { $0.buffers[1][7] = 0x80 }
        for validation: ArrowValidation in [.full, .structure] {
            expectRefused(Self.text, "offsets from", validation) { $0.buffers[1][8] = 4 }
            expectRefused(Self.text, "offsets from", validation) { $0.buffers[1][3] = 0x80 }
            expectRefused(Self.text, "offsets from", validation) { $0.buffers[1][0] = 4 }
            expectRefused(Self.text, "offsets", validation) { $0.buffers[1].removeLast() }
            expectRefused(Self.text, "offsets", validation) { $0.buffers[1] = [] }
        }
    }

    @Test func `text that is not UTF-8 is refused, and characters divided between values`() {
        expectRefused(Self.text, "row 1") { $0.buffers[2][2] = 0x41 }
        expectRefused(Self.text, "row 0") { $0.buffers[1][4] = 2 }
    }

    @Test func `what lies behind a null need not be text`() throws {
        var column = Self.text
        column.buffers[2][2] = 0x41
        column.nullCount = 1
        column.buffers[0] = [0b01]
        #expect(try decode(column).columns[0].isNull(1))
        column.buffers[0] = [0b10]
        #expect(throws: ArrowError.self) { try decode(column) }
    }

    @Test func `binary may be any bytes`() throws {
        var column = Self.text
        column.type = .binary
        column.buffers[2] = [0xFF, 0xFE, 0xFD]
        #expect(try decode(column).columns[0].bytes(at: 1).bytes == [0xFE, 0xFD])
    }

    @Test func `values and bitmaps that are too short are refused`() {
        for validation: ArrowValidation in [.full, .structure] {
            expectRefused(Self.numbers, "4 bytes", validation) { $0.buffers[1].removeLast() }
            expectRefused(Self.numbers, "validity bitmap", validation) { $0.nullCount = 1 }
            expectRefused(Self.numbers, "validity bitmap", validation) {
                $0.rowCount = 9
                $0.length = 9
                $0.nullCount = 1
                $0.buffers = [[1], [UInt8](repeating: 0, count: 18)]
            }
        }
    }

    @Test func `a count of nulls that can't be is refused, and -1 is counted`() throws {
        expectRefused(Self.numbers, "claims 3 nulls") { $0.nullCount = 3 }
        expectRefused(Self.numbers, "claims -2 nulls") { $0.nullCount = -2 }
        expectRefused(Self.numbers, "bitmap says 1") {
            $0.nullCount = 2
            $0.buffers[0] = [0b01]
        }
        var column = Self.numbers
        column.nullCount = -1
        #expect(try decode(column).columns[0].nullCount == 0)
        column.buffers[0] = [0b10]
        #expect(try decode(column).columns[0].nullCount == 1)
        #expect(try decode(column, .structure).columns[0].nullCount == 1)
    }

    @Test func `nulls in a column that may hold none are refused`() {
        for validation: ArrowValidation in [.full, .structure] {
            expectRefused(Self.numbers, "may not hold nulls", validation) {
                $0.nullable = false
                $0.nullCount = 1
                $0.buffers[0] = [0b01]
            }
        }
    }

    @Test func `a column of another length than the batch is refused`() {
        expectRefused(Self.numbers, "length of 1") { $0.length = 1 }
        expectRefused(Self.numbers, "length of -2") { $0.length = -2 }
    }

    @Test func `more rows than any batch may have are refused`() {
        var column = Self.numbers
        column.rowCount = Int(Int32.max) + 1
        column.length = column.rowCount
        let error = #expect(throws: ArrowError.self) { try decode(column) }
        #expect(error?.code == .limitExceeded)
    }

    @Test func `a buffer outside of the body is refused`() throws {
        let schema = ArrowSchema([ArrowField("a", .int64)])
        var builder = ArrowRecordBatchBuilder(schema: schema)
        builder.columns[0].append(1)
        let encoded = ArrowIPC.encodeRecordBatch(builder.finish())
        let values = encoded.header.count - 16
        for (position, byte) in [
            (values, UInt8(8)), (values + 7, 0x80), (values + 8, 9), (values + 15, 0x80),
        ] {
            var header = encoded.header
            header[position] = byte
            let error = #expect(throws: ArrowError.self) {
                try ArrowIPC.decodeRecordBatch(
                    header: ArrowBuffer(header), body: ArrowBuffer(encoded.body), schema: schema)
            }
            #expect(error?.code == .malformed && error?.message.contains("\"a\"") == true)
        }
        #expect(throws: ArrowError.self) {
            try ArrowIPC.decodeRecordBatch(
                header: ArrowBuffer(encoded.header),
                body: ArrowBuffer(Array(encoded.body.dropLast())), schema: schema)
        }
    }

    @Test func `a body that lacks only its padding is refused as cut off`() throws {
        let schema = ArrowSchema([ArrowField("a", .utf8)])
        var builder = ArrowRecordBatchBuilder(schema: schema)
        builder.columns[0].append("abc")
        let encoded = ArrowIPC.encodeRecordBatch(builder.finish())
        let error = #expect(throws: ArrowError.self) {
            try ArrowIPC.decodeRecordBatch(
                header: ArrowBuffer(encoded.header),
                body: ArrowBuffer(Array(encoded.body.dropLast())), schema: schema)
        }
        #expect(error?.message.contains("cut off") == true)
    }
}
