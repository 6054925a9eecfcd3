/// The format strings of the C data interface ("Data type description – format strings").
enum ArrowCFormat {
    /// The string of a type; children and dictionaries are described beside it.
    static func string(_ type: ArrowType) -> String {
        switch type {
        case .null: "n"
        case .bool: "b"
        case .int8: "c"
        case .uint8: "C"
        case .int16: "s"
        case .uint16: "S"
        case .int32: "i"
        case .uint32: "I"
        case .int64: "l"
        case .uint64: "L"
        case .float16: "e"
        case .float32: "f"
        case .float64: "g"
        case .binary: "z"
        case .largeBinary: "Z"
        case .binaryView: "vz"
        case .utf8: "u"
        case .largeUtf8: "U"
        case .utf8View: "vu"
        case .fixedSizeBinary(let byteWidth): "w:\(byteWidth)"
        case .decimal32(let precision, let scale): "d:\(precision),\(scale),32"
        case .decimal64(let precision, let scale): "d:\(precision),\(scale),64"
        case .decimal128(let precision, let scale): "d:\(precision),\(scale)"
        case .decimal256(let precision, let scale): "d:\(precision),\(scale),256"
        case .date32: "tdD"
        case .date64: "tdm"
        case .time32(let unit), .time64(let unit): "tt\(letter(unit))"
        case .timestamp(let unit, let zone): "ts\(letter(unit)):\(zone ?? "")"
        case .duration(let unit): "tD\(letter(unit))"
        case .interval(.yearMonth): "tiM"
        case .interval(.dayTime): "tiD"
        case .interval(.monthDayNano): "tin"
        case .list: "+l"
        case .largeList: "+L"
        case .listView: "+vl"
        case .largeListView: "+vL"
        case .fixedSizeList(_, let size): "+w:\(size)"
        case .struct: "+s"
        case .map: "+m"
        case .union(let union):
            "+u\(union.mode == .dense ? "d" : "s"):"
                + union.typeIDs.map(String.init).joined(separator: ",")
        case .runEndEncoded: "+r"
        case .dictionary(let index, _, _): string(index)
        }
    }

    private static func letter(_ unit: ArrowTimeUnit) -> String {
        switch unit {
        case .second: "s"
        case .millisecond: "m"
        case .microsecond: "u"
        case .nanosecond: "n"
        }
    }

    /// The type of a format string with its children. Throws `unsupportedType` for an unknown string
    /// and `malformed` for one that lacks something, naming the column.
    static func type(
        _ format: String, children: [ArrowField], keysSorted: Bool, column: String
    ) throws(ArrowError) -> ArrowType {
        if let type = flat[format] { return type }
        let parts = format.split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers =
            parts.count == 2
            ? parts[1].split(separator: ",").compactMap { Int($0) } : []
        let nested = children.first
        let type: ArrowType? =
            switch (parts[0], numbers.count, children.count) {
            case ("w", 1, 0): .fixedSizeBinary(byteWidth: numbers[0])
            case ("d", 2...3, 0): decimal(numbers)
            case ("tss", _, 0): timestamp(.second, parts)
            case ("tsm", _, 0): timestamp(.millisecond, parts)
            case ("tsu", _, 0): timestamp(.microsecond, parts)
            case ("tsn", _, 0): timestamp(.nanosecond, parts)
            case ("+l", 0, 1): nested.map { .list($0) }
            case ("+L", 0, 1): nested.map { .largeList($0) }
            case ("+vl", 0, 1): nested.map { .listView($0) }
            case ("+vL", 0, 1): nested.map { .largeListView($0) }
            case ("+w", 1, 1): nested.map { .fixedSizeList($0, size: numbers[0]) }
            case ("+s", 0, _): .struct(children)
            case ("+m", 0, 1): nested.map { .map(entries: $0, keysSorted: keysSorted) }
            case ("+ud", children.count, _): union(.dense, numbers, children)
            case ("+us", children.count, _): union(.sparse, numbers, children)
            case ("+r", 0, 2): .runEndEncoded(runEnds: children[0], values: children[1])
            default: nil
            }
        guard let type else {
            throw ArrowError(
                .unsupportedType,
                "column \"\(column)\" has the format \"\(format)\" and \(children.count) children, "
                    + "which is no type of the C data interface")
        }
        if let flaw = type.flaw { throw ArrowError(.malformed, "column \"\(column)\": \(flaw)") }
        return type
    }

    private static let flat: [String: ArrowType] = {
        var types: [String: ArrowType] = [:]
        let units: [ArrowTimeUnit] = [.second, .millisecond, .microsecond, .nanosecond]
        let all: [ArrowType] = [
            .null, .bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64,
            .float16, .float32, .float64, .binary, .largeBinary, .binaryView, .utf8, .largeUtf8,
            .utf8View, .date32, .date64, .time32(.second), .time32(.millisecond),
            .time64(.microsecond), .time64(.nanosecond), .interval(.yearMonth),
            .interval(.dayTime), .interval(.monthDayNano),
        ]
        for type in all + units.map({ .duration($0) }) { types[string(type)] = type }
        return types
    }()

    private static func decimal(_ numbers: [Int]) -> ArrowType? {
        let (precision, scale) = (numbers[0], numbers[1])
        switch numbers.count == 3 ? numbers[2] : 128 {
        case 32: return .decimal32(precision: precision, scale: scale)
        case 64: return .decimal64(precision: precision, scale: scale)
        case 128: return .decimal128(precision: precision, scale: scale)
        case 256: return .decimal256(precision: precision, scale: scale)
        default: return nil
        }
    }

    private static func timestamp(_ unit: ArrowTimeUnit, _ parts: [Substring]) -> ArrowType? {
        guard parts.count == 2 else { return nil }
        return .timestamp(unit, timezone: parts[1].isEmpty ? nil : String(parts[1]))
    }

    private static func union(
        _ mode: ArrowUnionType.Mode, _ numbers: [Int], _ children: [ArrowField]
    ) -> ArrowType? {
        let typeIDs = numbers.compactMap { Int8(exactly: $0) }
        guard typeIDs.count == children.count else { return nil }
        return .union(ArrowUnionType(mode, children, typeIDs: typeIDs))
    }
}
