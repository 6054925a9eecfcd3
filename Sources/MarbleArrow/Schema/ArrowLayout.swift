/// How the values of a type lie in memory (Arrow columnar format, "Physical Memory Layout").
enum ArrowLayout: Sendable, Hashable {
    /// Nothing at all: every value is null.
    case none
    /// One bit a value.
    case bit
    /// So many bytes a value.
    case fixedWidth(Int)
    /// Bytes of any length behind 32-bit offsets.
    case variable32
    /// Bytes of any length behind 64-bit offsets.
    case variable64
    /// Bytes of any length behind views of 16 bytes, in any number of buffers.
    case view
    /// A child's values behind 32-bit offsets.
    case list32
    /// A child's values behind 64-bit offsets.
    case list64
    /// A child's values behind 32-bit offsets and sizes.
    case listView32
    /// A child's values behind 64-bit offsets and sizes.
    case listView64
    /// So many of a child's values.
    case fixedSizeList(Int)
    /// One value of each child.
    case structure
    /// One byte that says which child has the value at the same place.
    case sparseUnion
    /// One byte that says which child has the value, and a 32-bit offset that says where.
    case denseUnion
    /// Two children: where runs end, and their values.
    case runEndEncoded
    /// Integers that number the dictionary's values.
    case dictionary(ArrowPhysicalType)

    /// How many buffers an array has, its validity bitmap included, its children's and what views
    /// point to not.
    var bufferCount: Int {
        switch self {
        case .none, .runEndEncoded: 0
        case .fixedSizeList, .structure, .sparseUnion: 1
        case .bit, .fixedWidth, .view, .list32, .list64, .denseUnion, .dictionary: 2
        case .variable32, .variable64, .listView32, .listView64: 3
        }
    }

    /// Whether a bitmap says what is null.
    @inline(__always)
    var hasValidity: Bool {
        switch self {
        case .none, .sparseUnion, .denseUnion, .runEndEncoded: false
        default: true
        }
    }

    /// Whether all there is are at most three buffers of its own.
    @inline(__always)
    var isFlat: Bool {
        switch self {
        case .bit, .fixedWidth, .variable32, .variable64: true
        default: false
        }
    }
}

extension ArrowType {
    var layout: ArrowLayout {
        switch self {
        case .null: .none
        case .bool: .bit
        case .int8, .uint8: .fixedWidth(1)
        case .int16, .uint16, .float16: .fixedWidth(2)
        case .int32, .uint32, .float32, .date32, .time32, .decimal32, .interval(.yearMonth):
            .fixedWidth(4)
        case .int64, .uint64, .float64, .date64, .time64, .timestamp, .duration, .decimal64,
            .interval(.dayTime):
            .fixedWidth(8)
        case .decimal128, .interval(.monthDayNano): .fixedWidth(16)
        case .decimal256: .fixedWidth(32)
        case .fixedSizeBinary(let byteWidth): .fixedWidth(byteWidth)
        case .utf8, .binary: .variable32
        case .largeUtf8, .largeBinary: .variable64
        case .utf8View, .binaryView: .view
        case .list, .map: .list32
        case .largeList: .list64
        case .listView: .listView32
        case .largeListView: .listView64
        case .fixedSizeList(_, let size): .fixedSizeList(size)
        case .struct: .structure
        case .union(let union): union.mode == .dense ? .denseUnion : .sparseUnion
        case .dictionary(let index, _, _): .dictionary(index.physicalType)
        case .runEndEncoded: .runEndEncoded
        }
    }
}

/// How a single value is read: the logical types of the same kind share it.
enum ArrowPhysicalType: UInt8, Sendable {
    case bit
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case float16, float32, float64
    case decimal32, decimal64, decimal128, decimal256
    case dayTime, monthDayNano
    case fixedSizeBinary
    case variable32, variable64, view
    /// Values that are no bytes of their own.
    case nested

    /// How many bytes an integer takes.
    var integerByteCount: Int {
        switch self {
        case .int8, .uint8: 1
        case .int16, .uint16: 2
        case .int32, .uint32: 4
        default: 8
        }
    }
}

extension ArrowType {
    var physicalType: ArrowPhysicalType {
        switch self {
        case .bool: .bit
        case .int8: .int8
        case .int16: .int16
        case .int32, .date32, .time32, .interval(.yearMonth): .int32
        case .int64, .date64, .time64, .timestamp, .duration: .int64
        case .uint8: .uint8
        case .uint16: .uint16
        case .uint32: .uint32
        case .uint64: .uint64
        case .float16: .float16
        case .float32: .float32
        case .float64: .float64
        case .decimal32: .decimal32
        case .decimal64: .decimal64
        case .decimal128: .decimal128
        case .decimal256: .decimal256
        case .interval(.dayTime): .dayTime
        case .interval(.monthDayNano): .monthDayNano
        case .fixedSizeBinary: .fixedSizeBinary
        case .utf8, .binary: .variable32
        case .largeUtf8, .largeBinary: .variable64
        case .utf8View, .binaryView: .view
        case .null, .list, .largeList, .listView, .largeListView, .fixedSizeList, .struct, .map,
            .union, .dictionary, .runEndEncoded:
            .nested
        }
    }
}
