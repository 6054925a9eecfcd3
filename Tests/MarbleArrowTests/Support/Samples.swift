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
        .decimal128(precision: 5, scale: -2), .null, .duration(.nanosecond), .interval(.yearMonth),
        .interval(.dayTime), .interval(.monthDayNano), .decimal32(precision: 9, scale: 2),
        .decimal64(precision: 18, scale: 2), .decimal256(precision: 76, scale: 2), .utf8View,
        .binaryView, .list(of: .int32), .largeList(of: .utf8), .listView(of: .utf8View),
        .largeListView(of: .bool), .fixedSizeList(of: .int16, size: 3),
        .struct([ArrowField("a", .int64), ArrowField("b", .list(of: .utf8))]),
        .map(key: .utf8, value: .float64),
        .union(
            ArrowUnionType(
                .sparse, [ArrowField("a", .int64), ArrowField("b", .utf8)], typeIDs: [5, 7])),
        .union(ArrowUnionType(.dense, [ArrowField("a", .int64), ArrowField("b", .utf8)])),
        .dictionary(of: .utf8), .dictionary(of: .struct([ArrowField("a", .int8)]), index: .uint8),
        .runEndEncoded(of: .int64), .runEndEncoded(of: .utf8, runEnds: .int16),
        .list(of: .dictionary(of: .largeUtf8, index: .int16)),
    ]

    /// Those of them that consist of buffers of their own alone.
    static let flatTypes = Array(types.prefix { $0 != .null })

    /// A column of each type, of the flat ones unless told otherwise.
    static func schema(
        of types: [ArrowType] = flatTypes, metadata: ArrowMetadata = ["made": "for a test"]
    ) -> ArrowSchema {
        ArrowSchema(
            types.enumerated().map {
                ArrowField("column \($0.offset)", $0.element, metadata: ["type": "\($0.element)"])
            }, metadata: metadata)
    }

    /// A column of every type.
    static let everySchema = schema(of: types)

    /// Rows of `everySchema`.
    static func every(rowCount: Int, nullDistance: Int = 3) -> ArrowRecordBatch {
        batch(rowCount: rowCount, nullDistance: nullDistance, schema: everySchema)
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
        case .int32, .int64, .timestamp, .duration, .interval(.yearMonth):
            column.append(row.isMultiple(of: 2) ? row : -row)
        case .date32, .time32, .time64: column.append(row)
        case .date64: column.append(row * 86_400_000)
        case .float16: column.append(halfPrecisionBits: UInt16(row % 1000))
        case .float32, .float64: column.append(Double(row) / 7 - 3)
        case .utf8, .largeUtf8, .utf8View: column.append(texts[row % texts.count])
        case .binary, .largeBinary, .binaryView:
            column.append([UInt8](repeating: UInt8(row % 256), count: row % 19))
        case .fixedSizeBinary(let byteWidth):
            column.append([UInt8](repeating: UInt8(row % 256), count: byteWidth))
        case .decimal32, .decimal64, .decimal128, .decimal256:
            column.append(decimal: Int128(row) * (row.isMultiple(of: 2) ? 1 : -1))
        case .interval(.dayTime):
            column.append(ArrowInterval(days: -2, nanoseconds: Int64(row) * 1_000_000))
        case .interval:
            column.append(ArrowInterval(months: 1, days: Int32(row), nanoseconds: -7))
        default: appendNested(row, to: column)
        }
    }

    private static func appendNested(_ row: Int, to column: ArrowColumnBuilder) {
        switch column.type {
        case .null: column.appendNull()
        case .struct:
            column.appendStruct { fields in fields.forEach { append(row, to: $0) } }
        case .map:
            column.appendMap { keys, values in
                for entry in 0..<row % 4 {
                    keys.append("key \(entry)")
                    append(row + entry, to: values)
                }
            }
        case .union(let union):
            column.appendUnion(typeID: union.typeIDs[row % 2]) { append(row, to: $0) }
        case .dictionary(_, .struct, _): column.append(.structure([.int(Int64(row % 5))]))
        case .dictionary: column.append(texts[row % texts.count])
        case .runEndEncoded(_, let values):
            if values.type == .utf8 {
                column.append(texts[row / 4 % texts.count])
            } else {
                column.append(row / 10)
            }
        case .fixedSizeList(_, let size):
            column.appendList { items in (0..<size).forEach { append(row + $0, to: items) } }
        default:
            column.appendList { items in (0..<row % 4).forEach { append(row + $0, to: items) } }
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
    /// A batch written and read again, with its dictionaries.
    static func roundTrip(
        _ batch: ArrowRecordBatch, compression: ArrowCompression = .none
    ) throws -> ArrowRecordBatch {
        var encoder = ArrowBatchEncoder(schema: batch.schema, compression: compression)
        var dictionaries = ArrowDictionaries()
        for encoded in encoder.encode(batch) {
            let body = ArrowBuffer(encoded.body)
            switch try decodeMessage(header: ArrowBuffer(encoded.header)) {
            case .schema: break
            case .dictionaryBatch(let header):
                try dictionaries.read(header, body: body, schema: encoder.schema)
            case .recordBatch(let header):
                return try decodeRecordBatch(
                    header: header, body: body, schema: encoder.schema,
                    dictionaries: &dictionaries)
            }
        }
        throw ArrowError(.malformed, "there was no record batch")
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
