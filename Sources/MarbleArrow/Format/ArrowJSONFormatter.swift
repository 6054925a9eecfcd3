/// Writes rows as JSON, one object a line ("JSON Lines"), the keys being the columns' names.
///
/// Numbers stay numbers, but for those that JSON doesn't have (infinity, not-a-number), which become
/// null. Decimals, dates, times, durations and intervals are strings as people write them; binary is a
/// string of hexadecimal digits; maps are arrays of objects with `key` and `value`.
public struct ArrowJSONFormatter: Sendable {
    private let keys: [String]

    /// Begins with a schema's columns.
    public init(schema: ArrowSchema) {
        keys = schema.fields.map { Self.quoted($0.name) + ":" }
    }

    /// A line for each row of a batch, each with its newline.
    public func lines(of batch: ArrowRecordBatch) -> String {
        var text = ""
        for row in 0..<batch.rowCount {
            for (index, column) in batch.columns.enumerated() {
                text += index == 0 ? "{" : ","
                text += keys[index]
                Self.append(column.value(at: row), column.type, to: &text)
            }
            text += batch.columns.isEmpty ? "{}\n" : "}\n"
        }
        return text
    }

    private static func append(_ value: ArrowValue, _ type: ArrowType, to text: inout String) {
        switch value {
        case .null: text += "null"
        case .double(let value): text += value.isFinite ? "\(value)" : "null"
        case .uint, .bool: text += ArrowValueText.text(value, type)
        case .int where type.isPlainInteger: text += ArrowValueText.text(value, type)
        case .int, .decimal, .interval, .text, .bytes:
            text += quoted(ArrowValueText.text(value, type))
        case .list(let items):
            let item = type.items
            text += "["
            for (index, value) in items.enumerated() {
                if index > 0 { text += "," }
                append(value, item, to: &text)
            }
            text += "]"
        case .structure(let values):
            text += "{"
            for (index, (field, value)) in zip(type.structFields, values).enumerated() {
                text += (index > 0 ? "," : "") + quoted(field.name) + ":"
                append(value, field.type, to: &text)
            }
            text += "}"
        case .map(let entries):
            let types = type.entryTypes
            text += "["
            for (index, entry) in entries.enumerated() {
                text += (index > 0 ? "," : "") + "{\"key\":"
                append(entry.key, types.key, to: &text)
                text += ",\"value\":"
                append(entry.value, types.value, to: &text)
                text += "}"
            }
            text += "]"
        case .union(let typeID, let value): append(value, type.member(typeID), to: &text)
        }
    }

    /// A string with its quotes (RFC 8259, section 7).
    package static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

extension ArrowType {
    fileprivate var isPlainInteger: Bool {
        switch self {
        case .int8, .int16, .int32, .int64: true
        case .dictionary(_, let value, _): value.isPlainInteger
        case .runEndEncoded(_, let values): values.type.isPlainInteger
        default: false
        }
    }
}
