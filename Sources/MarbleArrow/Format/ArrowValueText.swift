/// Values as people write them: dates and times in ISO 8601, decimals with their point, binary in
/// hexadecimal digits.
enum ArrowValueText {
    static func text(_ value: ArrowValue, _ type: ArrowType) -> String {
        switch value {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return integer(value, type)
        case .uint(let value): return String(value)
        case .double(let value): return "\(value)"
        case .decimal(let value): return decimal(value, type)
        case .interval(let value): return interval(value)
        case .text(let value): return value
        case .bytes(let value): return hexadecimal(value)
        case .list(let items):
            let item = type.items
            return "[" + items.map { text($0, item) }.joined(separator: ", ") + "]"
        case .structure(let values):
            let parts = zip(type.structFields, values).map { "\($0.name): \(text($1, $0.type))" }
            return "{" + parts.joined(separator: ", ") + "}"
        case .map(let entries):
            let (key, item) = type.entryTypes
            let parts = entries.map { "\(text($0.key, key)): \(text($0.value, item))" }
            return "{" + parts.joined(separator: ", ") + "}"
        case .union(let typeID, let value): return text(value, type.member(typeID))
        }
    }

    private static func integer(_ value: Int64, _ type: ArrowType) -> String {
        switch type {
        case .date32: return ArrowCalendar.date(day: value)
        case .date64: return ArrowCalendar.date(day: value.floorDivided(by: 86_400_000).quotient)
        case .time32(let unit), .time64(let unit): return ArrowCalendar.time(value, unit)
        case .timestamp(let unit, let zone):
            return ArrowCalendar.timestamp(value, unit) + (zone == nil ? "" : "Z")
        case .duration(let unit): return "\(value) \(unit.abbreviation)"
        case .interval: return "\(value) months"
        case .dictionary(_, let type, _): return integer(value, type)
        case .runEndEncoded(_, let values): return integer(value, values.type)
        default: return String(value)
        }
    }

    static func decimal(_ value: ArrowInt256, _ type: ArrowType) -> String {
        let scale: Int
        switch type {
        case .decimal32(_, let digits), .decimal64(_, let digits), .decimal128(_, let digits),
            .decimal256(_, let digits):
            scale = digits
        case .dictionary(_, let type, _): return decimal(value, type)
        case .runEndEncoded(_, let values): return decimal(value, values.type)
        default: scale = 0
        }
        var digits = value.description
        // More zeroes than any number has digits are better said than written.
        guard abs(scale) <= 100 else { return "\(digits)e\(-scale)" }
        if scale <= 0 { return digits == "0" ? digits : digits + zeroes(-scale) }
        let isNegative = digits.hasPrefix("-")
        if isNegative { digits.removeFirst() }
        if digits.count <= scale { digits = zeroes(scale + 1 - digits.count) + digits }
        let point = digits.index(digits.endIndex, offsetBy: -scale)
        return (isNegative ? "-" : "") + digits[..<point] + "." + digits[point...]
    }

    private static func zeroes(_ count: Int) -> String {
        String(repeating: "0", count: count)
    }

    private static func interval(_ value: ArrowInterval) -> String {
        "\(value.months) months \(value.days) days \(value.nanoseconds) ns"
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: bytes.count * 2) { target in
            for (index, byte) in bytes.enumerated() {
                target[index * 2] = digits[Int(byte >> 4)]
                target[index * 2 + 1] = digits[Int(byte & 15)]
            }
            return bytes.count * 2
        }
    }
}

extension ArrowType {
    /// The type of a list's items; of the values, where they are what a column stands for.
    var items: ArrowType {
        switch self {
        case .list(let item), .largeList(let item), .listView(let item), .largeListView(let item),
            .fixedSizeList(let item, _):
            item.type
        case .dictionary(_, let value, _): value.items
        case .runEndEncoded(_, let values): values.type.items
        default: .null
        }
    }

    /// The types of a map's keys and values.
    var entryTypes: (key: ArrowType, value: ArrowType) {
        switch self {
        case .map(let entries, _):
            let fields = entries.type.children
            return fields.count == 2 ? (fields[0].type, fields[1].type) : (.null, .null)
        case .dictionary(_, let value, _): return value.entryTypes
        case .runEndEncoded(_, let values): return values.type.entryTypes
        default: return (.null, .null)
        }
    }

    /// The type of a union's field.
    func member(_ typeID: Int8) -> ArrowType {
        switch self {
        case .union(let union):
            guard let position = union.position(ofTypeID: typeID) else { return .null }
            return union.fields[position].type
        case .dictionary(_, let value, _): return value.member(typeID)
        case .runEndEncoded(_, let values): return values.type.member(typeID)
        default: return .null
        }
    }

    /// The fields of a struct that a column stands for.
    var structFields: [ArrowField] {
        switch self {
        case .dictionary(_, let value, _): value.structFields
        case .runEndEncoded(_, let values): values.type.structFields
        default: children
        }
    }
}
