import MarbleArrow

/// Batches to test with.
enum Samples {
    static let types: [ArrowType] = [
        .bool, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float16,
        .float32, .float64, .utf8, .binary, .largeUtf8, .largeBinary,
        .fixedSizeBinary(byteWidth: 5), .fixedSizeBinary(byteWidth: 16), .date32, .date64,
        .time32(.second), .time32(.millisecond), .time64(.microsecond), .time64(.nanosecond),
        .timestamp(.second, timezone: nil), .timestamp(.millisecond, timezone: "UTC"),
        .timestamp(.microsecond, timezone: "Europe/Amsterdam"),
        .timestamp(.nanosecond, timezone: "+02:00"), .decimal128(precision: 38, scale: 4),
        .decimal128(precision: 5, scale: -2),
    ]

    /// A column of each type.
    static func schema(metadata: ArrowMetadata = ["made": "for a test"]) -> ArrowSchema {
        ArrowSchema(
            types.enumerated().map {
                ArrowField("column \($0.offset)", $0.element, metadata: ["type": "\($0.element)"])
            }, metadata: metadata)
    }

    /// Rows with a value for each type; every `nullDistance`-th is null, none if it is 0.
    static func batch(
        rowCount: Int, nullDistance: Int = 3, schema: ArrowSchema = Samples.schema()
    ) -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(schema: schema)
        for row in 0..<rowCount {
            for (index, column) in builder.columns.enumerated() {
                if nullDistance > 0 && (row + index) % nullDistance == 1 {
                    column.appendNull()
                } else {
                    append(row, to: column)
                }
            }
        }
        return builder.finish()
    }

    private static let texts = ["", "a", "grüße", "漢字", "🦀", "zero\0inside", "0123456789"]

    private static func append(_ row: Int, to column: ArrowColumnBuilder) {
        switch column.type {
        case .bool: column.append(row % 5 < 2)
        case .int8: column.append(Int8(truncatingIfNeeded: row &* 37))
        case .uint8: column.append(UInt8(truncatingIfNeeded: row &* 37))
        case .int16: column.append(Int16(truncatingIfNeeded: row &* 9973))
        case .uint16: column.append(UInt16(truncatingIfNeeded: row &* 9973))
        case .uint32: column.append(UInt32.max - UInt32(row))
        case .uint64: column.append(UInt64.max - UInt64(row))
        case .int32, .int64, .timestamp: column.append(row.isMultiple(of: 2) ? row : -row)
        case .date32, .time32, .time64: column.append(row)
        case .date64: column.append(row * 86_400_000)
        case .float16: column.append(halfPrecisionBits: UInt16(row % 1000))
        case .float32, .float64: column.append(Double(row) / 7 - 3)
        case .utf8, .largeUtf8: column.append(texts[row % texts.count])
        case .binary, .largeBinary:
            column.append([UInt8](repeating: UInt8(row % 256), count: row % 9))
        case .fixedSizeBinary(let byteWidth):
            column.append([UInt8](repeating: UInt8(row % 256), count: byteWidth))
        case .decimal128: column.append(decimal: Int128(row) * (row.isMultiple(of: 2) ? 1 : -1))
        }
    }
}

extension ArrowEncodedRecordBatch {
    /// The body in one piece.
    var body: [UInt8] {
        segments.flatMap(\.bytes)
    }
}

extension ArrowIPC {
    /// A batch written and read again.
    static func roundTrip(_ batch: ArrowRecordBatch) throws -> ArrowRecordBatch {
        let encoded = encodeRecordBatch(batch)
        return try decodeRecordBatch(
            header: ArrowBuffer(encoded.header), body: ArrowBuffer(encoded.body),
            schema: batch.schema)
    }
}

/// Pseudo-random numbers that are the same in every run (SplitMix64).
struct FixedRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
