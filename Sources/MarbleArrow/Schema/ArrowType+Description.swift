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
        case .fixedSizeBinary(let byteWidth): "fixed_size_binary[\(byteWidth)]"
        case .date32: "date32[day]"
        case .date64: "date64[ms]"
        case .time32(let unit): "time32[\(unit.abbreviation)]"
        case .time64(let unit): "time64[\(unit.abbreviation)]"
        case .timestamp(let unit, nil): "timestamp[\(unit.abbreviation)]"
        case .timestamp(let unit, let zone?): "timestamp[\(unit.abbreviation), tz=\(zone)]"
        case .decimal128(let precision, let scale): "decimal128(\(precision), \(scale))"
        }
    }
}
