import MarbleArrow

/// The form in which both sides of a round trip print what they see; `Peers/peer.py` says how it
/// looks.
enum Canonical {
    static func text(_ schema: ArrowSchema, _ batches: [ArrowRecordBatch]) -> String {
        var lines: [String] = []
        for field in schema.fields { lines.append("\(field) [\(pairs(field.metadata))]") }
        lines.append("[\(pairs(schema.metadata))]")
        for batch in batches {
            lines.append("\(batch.rowCount) rows")
            for column in batch.columns {
                let values = (0..<column.length).map { value(column, $0) }
                lines.append(values.joined(separator: " "))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func pairs(_ metadata: ArrowMetadata) -> String {
        metadata.entries.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    static func value(_ column: ArrowArray, _ row: Int) -> String {
        if column.isNull(row) { return "null" }
        switch column.type {
        case .bool: return column.bool(at: row) ? "1" : "0"
        case .int8, .int16, .int32, .int64, .date32, .date64, .time32, .time64, .timestamp:
            return String(column.int64(at: row))
        case .uint8, .uint16, .uint32, .uint64: return String(column.uint64(at: row))
        case .float16:
            // Its bits can only be seen through the value.
            return String(Int16(bitPattern: Float16(column.double(at: row)).bitPattern))
        case .float32:
            return String(Int32(bitPattern: Float(column.double(at: row)).bitPattern))
        case .float64: return String(Int64(bitPattern: column.double(at: row).bitPattern))
        case .decimal128: return String(column.decimal128(at: row))
        case .utf8, .largeUtf8: return hexadecimal(Array(column.string(at: row).utf8))
        case .binary, .largeBinary, .fixedSizeBinary:
            return hexadecimal(column.bytes(at: row).bytes)
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.reduce(into: "x") { text, byte in
            text += byte < 16 ? "0" : ""
            text += String(byte, radix: 16)
        }
    }
}
