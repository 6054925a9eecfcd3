/// Writes record batches as a table for people: a column each, numbers to the right, and long values
/// shortened.
///
/// The first batch decides how wide columns are; rows of later batches that don't fit stick out.
public struct ArrowTableFormatter {
    private enum Alignment {
        case left, right
    }

    private let schema: ArrowSchema
    private let valueWidthMax: Int
    private let alignments: [Alignment]
    private var widths: [Int]?

    /// Begins a table. Values are shortened to `valueWidthMax` characters.
    public init(schema: ArrowSchema, valueWidthMax: Int = 40) {
        self.schema = schema
        self.valueWidthMax = max(valueWidthMax, 1)
        alignments = schema.fields.map { $0.type.isNumeric ? .right : .left }
    }

    /// The lines of a batch, each with its newline; before the first batch those of the head.
    public mutating func lines(of batch: ArrowRecordBatch) -> String {
        let names = schema.fields.map { shortened($0.name) }
        let types = schema.fields.map { shortened("\($0.type)") }
        let rows = (0..<batch.rowCount).map { row in
            batch.columns.map { column in
                shortened(ArrowValueText.text(column.value(at: row), column.type))
            }
        }
        var text = ""
        let known = widths
        let widths =
            known
            ?? names.indices.map { column in
                ([names, types] + rows).reduce(1) { max($0, $1[column].count) }
            }
        self.widths = widths
        if known == nil {
            text += line(names, widths) + line(types, widths)
            text += widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ") + "\n"
        }
        for row in rows { text += line(row, widths) }
        return text
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: max(0, widths[index] - cell.count))
            if index > 0 { text += "  " }
            switch alignments[index] {
            case .left: text += index == cells.count - 1 ? cell : cell + padding
            case .right: text += padding + cell
            }
        }
        return text + "\n"
    }

    /// Without line breaks and other control characters, and no longer than allowed.
    private func shortened(_ text: String) -> String {
        var shown = ""
        var count = 0
        for character in text {
            if count == valueWidthMax {
                shown.removeLast()
                return shown + "…"
            }
            let isControl = character.unicodeScalars.contains { $0.properties.isControl }
            shown.append(isControl ? "\u{FFFD}" : character)
            count += 1
        }
        return shown
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isControl: Bool {
        switch generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

extension ArrowType {
    fileprivate var isNumeric: Bool {
        switch self {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .float16, .float32,
            .float64, .decimal32, .decimal64, .decimal128, .decimal256, .duration:
            true
        default: false
        }
    }
}

extension ArrowRecordBatch: CustomStringConvertible {
    /// How many rows there are, and the first ten of them as a table.
    public var description: String {
        var formatter = ArrowTableFormatter(schema: schema)
        let shown = slice(offset: 0, length: min(rowCount, 10))
        let rest = rowCount > shown.rowCount ? "… \(rowCount - shown.rowCount) more rows\n" : ""
        return "\(rowCount) rows of \(schema.fields.count) columns\n"
            + formatter.lines(of: shown) + rest
    }
}

extension ArrowArray: CustomStringConvertible {
    /// The type, how many values there are, and the first ten of them.
    public var description: String {
        let shown = (0..<min(length, 10)).map { ArrowValueText.text(value(at: $0), type) }
        let rest = length > shown.count ? [" …"] : []
        return "\(length) × \(type): [" + (shown + rest).joined(separator: ", ") + "]"
    }
}
