import MarbleArrow

/// The form in which both sides of a round trip print what they see; `Peers/canonical.py` says how it
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
        if column.isNull(row), !column.type.isUnion { return "null" }
        switch column.type {
        case .bool: return column.bool(at: row) ? "1" : "0"
        case .int8, .int16, .int32, .int64, .date32, .date64, .time32, .time64, .timestamp,
            .duration:
            return String(column.int64(at: row))
        case .uint8, .uint16, .uint32, .uint64: return String(column.uint64(at: row))
        case .float16:
            // Its bits can only be seen through the value.
            return String(Int16(bitPattern: Float16(column.double(at: row)).bitPattern))
        case .float32:
            return String(Int32(bitPattern: Float(column.double(at: row)).bitPattern))
        case .float64: return String(Int64(bitPattern: column.double(at: row).bitPattern))
        case .decimal32, .decimal64, .decimal128: return String(column.decimal128(at: row))
        case .decimal256: return column.decimal256(at: row).description
        case .interval:
            let value = column.interval(at: row)
            return "\(value.months)/\(value.days)/\(value.nanoseconds)"
        case .utf8, .largeUtf8, .utf8View: return hexadecimal(Array(column.string(at: row).utf8))
        case .binary, .largeBinary, .binaryView, .fixedSizeBinary:
            return hexadecimal(column.bytes(at: row).bytes)
        default: return nested(column, row)
        }
    }

    private static func nested(_ column: ArrowArray, _ row: Int) -> String {
        switch column.type {
        case .struct:
            let fields = column.children.map { value($0, column.offset + row) }
            return "{" + fields.joined(separator: " ") + "}"
        case .union(let union):
            guard case .union(let typeID, _) = column.value(at: row) else { return "no union" }
            let child = column.children[union.position(ofTypeID: typeID) ?? -1]
            let place =
                union.mode == .sparse
                ? column.offset + row
                : Int(column.offsets.load(Int32.self, at: column.offset + row))
            return "\(typeID):\(value(child, place))"
        case .runEndEncoded:
            let ends = column.children[0]
            let run = (0..<ends.length).first { ends.int64(at: $0) > column.offset + row } ?? -1
            return value(column.children[1], run)
        case .dictionary:
            guard let dictionary = column.dictionary else { return "no dictionary" }
            return value(dictionary, column.dictionaryNumber(at: row))
        default:
            let items = column.list(at: row)
            let values = (0..<items.length).map { value(items, $0) }
            return "[" + values.joined(separator: " ") + "]"
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.reduce(into: "x") { text, byte in
            text += byte < 16 ? "0" : ""
            text += String(byte, radix: 16)
        }
    }
}

extension ArrowType {
    fileprivate var isUnion: Bool {
        if case .union = self { true } else { false }
    }
}
