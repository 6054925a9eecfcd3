import MarbleArrow
import Testing

@Suite struct ArrowArrayKeyTests {
    private func keys(_ type: ArrowType, _ append: (ArrowColumnBuilder) -> Void) -> [[UInt8]] {
        let builder = ArrowColumnBuilder(type)
        append(builder)
        let array = builder.finish()
        return (0..<array.length).map { row in
            var key: [UInt8] = []
            array.appendKeyBytes(row, to: &key)
            return key
        }
    }

    /// Values are given in ascending order; their keys must be strictly ascending.
    private func expectAscending(_ keys: [[UInt8]], _ type: ArrowType) {
        for (low, high) in zip(keys, keys.dropFirst()) {
            #expect(low.lexicographicallyPrecedes(high), "\(type): \(low) before \(high)")
        }
    }

    @Test func `keys of integers, dates and times are in the order of the values`() {
        let signed: [ArrowType] = [
            .int16, .int32, .int64, .date32, .date64, .time32(.second), .time64(.nanosecond),
            .timestamp(.microsecond, timezone: "UTC"), .decimal128(precision: 38, scale: 0),
        ]
        for type in signed {
            let values = [-32768, -257, -256, -1, 0, 1, 255, 256, 32767]
            let found = keys(type) { builder in
                for value in values {
                    if case .decimal128 = type {
                        builder.append(decimal: Int128(value))
                    } else {
                        builder.append(value)
                    }
                }
            }
            expectAscending(found, type)
        }
        expectAscending(keys(.int8) { for value in -128...127 { $0.append(value) } }, .int8)
        expectAscending(keys(.uint8) { for value in 0...255 { $0.append(value) } }, .uint8)
        for type: ArrowType in [.uint16, .uint32, .uint64] {
            expectAscending(
                keys(type) { for value in [0, 1, 255, 256, 32768, 65535] { $0.append(value) } },
                type)
        }
        expectAscending(keys(.bool) { for value in [false, true] { $0.append(value) } }, .bool)
        expectAscending(
            keys(.decimal128(precision: 38, scale: 0)) {
                for value in [Int128.min, -1 << 64, 0, 1 << 64, Int128.max] {
                    $0.append(decimal: value)
                }
            }, .decimal128(precision: 38, scale: 0))
    }

    @Test func `keys of floats are in IEEE 754 total order`() {
        let values: [Double] = [
            -.nan, -.infinity, -1e30, -1, -1e-30, -0.0, 0.0, 1e-30, 1, 1e30, .infinity, .nan,
        ]
        for type: ArrowType in [.float32, .float64] {
            expectAscending(keys(type) { for value in values { $0.append(value) } }, type)
        }
        let halves: [UInt16] = [
            0xFE00, 0xFC00, 0xC000, 0x8001, 0x8000, 0, 1, 0x4000, 0x7C00, 0x7E00,
        ]
        expectAscending(
            keys(.float16) { for bits in halves { $0.append(halfPrecisionBits: bits) } }, .float16)
    }

    @Test func `keys of text and bytes are in the order of the bytes`() {
        let values: [[UInt8]] = [
            [], [0], [0, 0], [0, 1], [0, 0xFF], [1], [1, 0], [1, 0, 0], [1, 0, 1], [1, 1], [0xFF],
            [0xFF, 0], [0xFF, 0xFF],
        ]
        for type: ArrowType in [.binary, .largeBinary] {
            expectAscending(keys(type) { for value in values { $0.append(value) } }, type)
        }
        let texts = ["", "A", "a", "a\0", "a\0b", "aa", "b", "ä", "漢", "🦀"]
        for type: ArrowType in [.utf8, .largeUtf8] {
            expectAscending(keys(type) { for text in texts { $0.append(text) } }, type)
        }
        expectAscending(
            keys(.fixedSizeBinary(byteWidth: 2)) {
                for value: [UInt8] in [[0, 0], [0, 255], [1, 0], [255, 255]] { $0.append(value) }
            }, .fixedSizeBinary(byteWidth: 2))
    }

    @Test func `what follows a text in a key is never taken for a part of it`() {
        let columns: [(String, Int)] = [
            ("", -1), ("", 1), ("a", -1), ("a", 0), ("a\0", Int.min), ("aa", Int.min), ("b", 0),
        ]
        let texts = keys(.utf8) { for column in columns { $0.append(column.0) } }
        let numbers = keys(.int64) { for column in columns { $0.append(column.1) } }
        expectAscending(zip(texts, numbers).map { $0 + $1 }, .utf8)
    }

    @Test func `the bytes of a key are those that the format's description gives`() {
        #expect(keys(.int16) { $0.append(-2) } == [[0x7F, 0xFE]])
        #expect(keys(.uint32) { $0.append(258) } == [[0, 0, 1, 2]])
        #expect(keys(.utf8) { $0.append("a\0b") } == [[0x61, 0, 0xFF, 0x62, 0, 0]])
        #expect(keys(.float32) { $0.append(1.0) } == [[0xBF, 0x80, 0, 0]])
        #expect(keys(.float32) { $0.append(-1.0) } == [[0x40, 0x7F, 0xFF, 0xFF]])
    }
}
