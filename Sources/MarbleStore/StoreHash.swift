import MarbleArrow

/// A hash of bytes that is the same on every machine and in every version (FNV-1a, 64 bits).
package struct StableHash: Sendable {
    package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    package init() {}

    @inline(__always)
    package mutating func combine(byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    package mutating func combine(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes { combine(byte: byte) }
    }

    package mutating func combine(_ number: UInt64) {
        withUnsafeBytes(of: number.littleEndian) { combine($0) }
    }

    /// The text with its length, so that neighbours don't run together.
    package mutating func combine(_ text: String) {
        var text = text
        combine(UInt64(text.utf8.count))
        text.withUTF8 { combine(UnsafeRawBufferPointer($0)) }
    }
}

extension TableCapture {
    /// A hash of the rows, however they are spread over chunks: in log order where the table has no
    /// key, in no order where it has one.
    package func contentHash(isKeyed: Bool) -> UInt64 {
        var sequence = StableHash()
        var sum: UInt64 = 0
        for chunk in chunks {
            guard let chunk else { continue }
            chunk.forEachLiveRun { rows in
                for row in rows {
                    let hash = Self.rowHash(chunk.rows.batch, row)
                    if isKeyed { sum &+= hash } else { sequence.combine(hash) }
                }
            }
        }
        sequence.combine(sum)
        sequence.combine(UInt64(rowCount))
        return sequence.value
    }

    private static func rowHash(_ batch: ArrowRecordBatch, _ row: Int) -> UInt64 {
        var hash = StableHash()
        for column in batch.columns {
            if column.isNull(row) {
                hash.combine(byte: 0)
            } else if column.type == .bool {
                hash.combine(byte: column.bool(at: row) ? 2 : 1)
            } else if column.type.isNested {
                hash.combine(byte: 1)
                hash.combine(column.value(at: row))
            } else {
                hash.combine(byte: 1)
                column.withBytes(at: row) { bytes in
                    hash.combine(UInt64(bytes.count))
                    hash.combine(bytes)
                }
            }
        }
        return hash.value
    }
}
