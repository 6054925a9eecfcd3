import MarbleArrow
import Testing

@Suite struct ArrowArrayTests {
    @Test func `a builder's values come back, nulls where they were put`() {
        let batch = Samples.every(rowCount: 100)
        for (index, column) in batch.columns.enumerated() {
            #expect(column.length == 100)
            #expect(column.nullCount == (0..<100).count { column.isNull($0) })
            for row in 0..<100 {
                #expect(column.isNull(row) == ((row + index) % 3 == 1 || column.type == .null))
            }
        }
        #expect(batch.columns[4].int64(at: 40) == 40)
        #expect(batch.columns[4].int64(at: 43) == -43)
        #expect(batch.columns[8].uint64(at: 43) == UInt64.max - 43)
        #expect(batch.columns[12].string(at: 2) == "grüße")
        #expect(batch.columns[13].bytes(at: 41).bytes == [41, 41, 41])
        #expect(batch.columns[13].byteCount(at: 41) == 3)
        #expect(batch.columns[28].decimal128(at: 43) == -43)
    }

    @Test func `a builder begins anew after it has finished`() {
        let builder = ArrowColumnBuilder(.utf8)
        builder.append("one")
        builder.appendNull()
        let first = builder.finish()
        builder.append("two")
        let second = builder.finish()
        #expect(first.length == 2 && first.nullCount == 1 && first.string(at: 0) == "one")
        #expect(second.length == 1 && second.nullCount == 0 && second.string(at: 0) == "two")
        #expect(builder.finish().length == 0)
    }

    @Test func `slices of slices show the same values`() {
        let batch = Samples.every(rowCount: 100)
        let slice = batch.slice(offset: 7, length: 60).slice(offset: 6, length: 31)
        for (column, part) in zip(batch.columns, slice.columns) {
            #expect(part.length == 31)
            #expect(part.nullCount == (0..<31).count { column.isNull(13 + $0) })
            for row in 0..<31 {
                #expect(Canonical.value(part, row) == Canonical.value(column, 13 + row))
            }
        }
    }

    @Test func `equality looks at values, not at where they lie nor at what is behind a null`() {
        let batch = Samples.every(rowCount: 50)
        #expect(batch == Samples.every(rowCount: 50))
        #expect(
            batch.slice(offset: 3, length: 9)
                == batch.slice(offset: 0, length: 12).slice(offset: 3, length: 9))
        #expect(batch.slice(offset: 3, length: 9) != batch.slice(offset: 4, length: 9))
        let one = ArrowColumnBuilder(.int64)
        one.append(1)
        let two = ArrowColumnBuilder(.int64)
        two.appendNull()
        #expect(one.finish() != two.finish())
    }

    @Test func `half-precision numbers have the values of IEEE 754`() {
        let builder = ArrowColumnBuilder(.float16)
        let cases: [(UInt16, Double)] = [
            (0x0000, 0), (0x3C00, 1), (0xC000, -2), (0x7BFF, 65504), (0x0001, 0x1p-24),
            (0x7C00, .infinity), (0xFC00, -.infinity), (0x3555, 0.333251953125),
        ]
        for (bits, _) in cases { builder.append(halfPrecisionBits: bits) }
        builder.append(halfPrecisionBits: 0x7E00)
        let array = builder.finish()
        for (row, expected) in cases.enumerated() {
            #expect(array.double(at: row) == expected.1)
        }
        #expect(array.double(at: cases.count).isNaN)
    }

    @Test func `an array of buffers is checked like one from outside`() throws {
        let numbers = try ArrowArray(
            type: .int16, length: 2, validity: ArrowBuffer([0b10]),
            values: ArrowBuffer([1, 0, 2, 0]))
        #expect(numbers.nullCount == 1 && numbers.isNull(0) && numbers.int64(at: 1) == 2)
        #expect(throws: ArrowError.self) {
            try ArrowArray(
                type: .int16, length: 3, validity: nil, values: ArrowBuffer([1, 0, 2, 0]))
        }
        #expect(throws: ArrowError.self) {
            try ArrowArray(type: .int16, length: -1, validity: nil, values: .empty)
        }
        #expect(throws: ArrowError.self) {
            try ArrowArray(
                type: .utf8, length: 1, validity: nil,
                offsets: ArrowBuffer([0, 0, 0, 0, 1, 0, 0, 0]),
                values: ArrowBuffer([0xFF]))
        }
    }

    @Test func `a row that isn't there traps`() async {
        await #expect(processExitsWith: .failure) {
            _ = Samples.every(rowCount: 3).columns[4].int64(at: 3)
        }
    }
}
