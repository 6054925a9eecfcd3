extension ArrowTimeUnit: CustomStringConvertible {
    public var description: String {
        switch self {
        case .second: "second"
        case .millisecond: "millisecond"
        case .microsecond: "microsecond"
        case .nanosecond: "nanosecond"
        }
    }

    /// The short form that `pyarrow` prints and takes.
    var abbreviation: String {
        switch self {
        case .second: "s"
        case .millisecond: "ms"
        case .microsecond: "us"
        case .nanosecond: "ns"
        }
    }
}

extension ArrowType: CustomStringConvertible {
    /// The type as `pyarrow` prints it, such as `int64` or `timestamp[us, tz=UTC]`.
    public var description: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int8: "int8"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .uint8: "uint8"
        case .uint16: "uint16"
        case .uint32: "uint32"
        case .uint64: "uint64"
        case .float16: "halffloat"
        case .float32: "float"
        case .float64: "double"
        case .utf8: "string"
        case .binary: "binary"
        case .largeUtf8: "large_string"
        case .largeBinary: "large_binary"
        case .utf8View: "string_view"
        case .binaryView: "binary_view"
        case .fixedSizeBinary(let byteWidth): "fixed_size_binary[\(byteWidth)]"
        case .date32: "date32[day]"
        case .date64: "date64[ms]"
        case .time32(let unit): "time32[\(unit.abbreviation)]"
        case .time64(let unit): "time64[\(unit.abbreviation)]"
        case .timestamp(let unit, nil): "timestamp[\(unit.abbreviation)]"
        case .timestamp(let unit, let zone?): "timestamp[\(unit.abbreviation), tz=\(zone)]"
        case .duration(let unit): "duration[\(unit.abbreviation)]"
        case .interval(.yearMonth): "month_interval"
        case .interval(.dayTime): "day_time_interval"
        case .interval(.monthDayNano): "month_day_nano_interval"
        case .decimal32(let precision, let scale): "decimal32(\(precision), \(scale))"
        case .decimal64(let precision, let scale): "decimal64(\(precision), \(scale))"
        case .decimal128(let precision, let scale): "decimal128(\(precision), \(scale))"
        case .decimal256(let precision, let scale): "decimal256(\(precision), \(scale))"
        default: nestedDescription
        }
    }

    private var nestedDescription: String {
        switch self {
        case .list(let item): return "list<\(item)>"
        case .largeList(let item): return "large_list<\(item)>"
        case .listView(let item): return "list_view<\(item)>"
        case .largeListView(let item): return "large_list_view<\(item)>"
        case .fixedSizeList(let item, let size): return "fixed_size_list<\(item)>[\(size)]"
        case .map(let entries, let keysSorted):
            let parts = entries.type.children.map { "\($0.type)" }
            return "map<\(parts.joined(separator: ", "))\(keysSorted ? ", keys_sorted" : "")>"
        case .union(let union):
            let parts = zip(union.fields, union.typeIDs).map { "\($0)=\($1)" }
            return "\(union.mode)_union<\(parts.joined(separator: ", "))>"
        case .dictionary(let index, let value, let isOrdered):
            return "dictionary<values=\(value), indices=\(index), ordered=\(isOrdered ? 1 : 0)>"
        case .runEndEncoded(let runEnds, let values):
            return "run_end_encoded<run_ends: \(runEnds.type), values: \(values.type)>"
        default:
            return "struct<\(children.map(\.description).joined(separator: ", "))>"
        }
    }
}
