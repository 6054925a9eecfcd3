/// How the values of a type lie in memory (Arrow columnar format, "Physical Memory Layout").
enum ArrowLayout: Sendable, Hashable {
    /// One bit a value.
    case bit
    /// So many bytes a value.
    case fixedWidth(Int)
    /// Bytes of any length behind 32-bit offsets.
    case variable32
    /// Bytes of any length behind 64-bit offsets.
    case variable64

    /// How many buffers an array has, its validity bitmap included.
    var bufferCount: Int {
        switch self {
        case .bit, .fixedWidth: 2
        case .variable32, .variable64: 3
        }
    }
}

extension ArrowType {
    var layout: ArrowLayout {
        switch self {
        case .bool: .bit
        case .int8, .uint8: .fixedWidth(1)
        case .int16, .uint16, .float16: .fixedWidth(2)
        case .int32, .uint32, .float32, .date32, .time32: .fixedWidth(4)
        case .int64, .uint64, .float64, .date64, .time64, .timestamp: .fixedWidth(8)
        case .decimal128: .fixedWidth(16)
        case .fixedSizeBinary(let byteWidth): .fixedWidth(byteWidth)
        case .utf8, .binary: .variable32
        case .largeUtf8, .largeBinary: .variable64
        }
    }
}

/// How a single value is read: the logical types of the same kind share it.
enum ArrowPhysicalType: UInt8, Sendable {
    case bit
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case float16, float32, float64
    case decimal128, fixedSizeBinary
    case variable32, variable64
}

extension ArrowType {
    var physicalType: ArrowPhysicalType {
        switch self {
        case .bool: .bit
        case .int8: .int8
        case .int16: .int16
        case .int32, .date32, .time32: .int32
        case .int64, .date64, .time64, .timestamp: .int64
        case .uint8: .uint8
        case .uint16: .uint16
        case .uint32: .uint32
        case .uint64: .uint64
        case .float16: .float16
        case .float32: .float32
        case .float64: .float64
        case .decimal128: .decimal128
        case .fixedSizeBinary: .fixedSizeBinary
        case .utf8, .binary: .variable32
        case .largeUtf8, .largeBinary: .variable64
        }
    }
}
