/// A Swift type that a column's values can be read as: see `ArrowColumn`.
public protocol ArrowElement {
    /// Whether every value of the Arrow type is one of this type. What stands for other values
    /// (dictionaries, runs) is looked through before.
    static func canRead(_ type: ArrowType) -> Bool

    /// The value of a row that isn't null, of an array whose type this one can read.
    static func read(_ array: ArrowArray, at row: Int) -> Self
}

extension Bool: ArrowElement {
    public static func canRead(_ type: ArrowType) -> Bool {
        type == .bool
    }

    public static func read(_ array: ArrowArray, at row: Int) -> Bool {
        array.bool(at: row)
    }
}

/// Integers read columns of integers that are no wider, and of dates, times, timestamps, durations
/// and counts of months, in the column's unit.
extension ArrowElement where Self: FixedWidthInteger {
    public static func canRead(_ type: ArrowType) -> Bool {
        switch type.physicalType {
        case .int8: isSigned
        case .int16: isSigned && bitWidth >= 16
        case .int32: isSigned && bitWidth >= 32
        case .int64: isSigned && bitWidth >= 64
        case .uint8: !isSigned || bitWidth > 8
        case .uint16: isSigned ? bitWidth > 16 : bitWidth >= 16
        case .uint32: isSigned ? bitWidth > 32 : bitWidth >= 32
        case .uint64: !isSigned && bitWidth >= 64
        default: false
        }
    }

    public static func read(_ array: ArrowArray, at row: Int) -> Self {
        Self.isSigned
            ? Self(truncatingIfNeeded: array.int64(at: row))
            : Self(truncatingIfNeeded: array.uint64(at: row))
    }
}

extension Int: ArrowElement {}
extension Int8: ArrowElement {}
extension Int16: ArrowElement {}
extension Int32: ArrowElement {}
extension Int64: ArrowElement {}
extension UInt: ArrowElement {}
extension UInt8: ArrowElement {}
extension UInt16: ArrowElement {}
extension UInt32: ArrowElement {}
extension UInt64: ArrowElement {}

extension Double: ArrowElement {
    public static func canRead(_ type: ArrowType) -> Bool {
        type == .float64 || Float.canRead(type)
    }

    public static func read(_ array: ArrowArray, at row: Int) -> Double {
        array.double(at: row)
    }
}

extension Float: ArrowElement {
    public static func canRead(_ type: ArrowType) -> Bool {
        type == .float32 || type == .float16
    }

    public static func read(_ array: ArrowArray, at row: Int) -> Float {
        Float(array.double(at: row))
    }
}

extension String: ArrowElement {
    public static func canRead(_ type: ArrowType) -> Bool {
        type.isText
    }

    public static func read(_ array: ArrowArray, at row: Int) -> String {
        array.string(at: row)
    }
}

/// The unscaled value of a decimal of any width.
extension ArrowInt256: ArrowElement {
    public static func canRead(_ type: ArrowType) -> Bool {
        switch type {
        case .decimal32, .decimal64, .decimal128, .decimal256: true
        default: false
        }
    }

    public static func read(_ array: ArrowArray, at row: Int) -> ArrowInt256 {
        array.decimal256(at: row)
    }
}

extension ArrowInterval: ArrowElement {
    public static func canRead(_ type: ArrowType) -> Bool {
        if case .interval = type { true } else { false }
    }

    public static func read(_ array: ArrowArray, at row: Int) -> ArrowInterval {
        array.interval(at: row)
    }
}

extension ArrowValue: ArrowElement {
    public static func canRead(_ type: ArrowType) -> Bool {
        true
    }

    public static func read(_ array: ArrowArray, at row: Int) -> ArrowValue {
        array.value(at: row)
    }
}

/// Reads nulls as nil: for the items of lists.
extension Optional: ArrowElement where Wrapped: ArrowElement {
    public static func canRead(_ type: ArrowType) -> Bool {
        Wrapped.canRead(type.valueType)
    }

    public static func read(_ array: ArrowArray, at row: Int) -> Wrapped? {
        ArrowColumn<Wrapped>(trusting: array)[row]
    }
}

/// Reads lists of any kind, and `[UInt8]` binary and text as well. An item that is null traps,
/// unless items are optional.
extension Array: ArrowElement where Element: ArrowElement {
    public static func canRead(_ type: ArrowType) -> Bool {
        switch type {
        case .list(let item), .largeList(let item), .listView(let item), .largeListView(let item),
            .fixedSizeList(let item, _):
            return Element.canRead(item.type.valueType)
        default:
            guard Element.self == UInt8.self else { return false }
            if case .fixedSizeBinary = type { return true }
            return type.isVariableLength
        }
    }

    public static func read(_ array: ArrowArray, at row: Int) -> [Element] {
        if !array.type.isNested, let bytes = array.bytes(at: row).bytes as? [Element] {
            return bytes
        }
        let items = ArrowColumn<Element>(trusting: array.list(at: row))
        return items.indices.map { index in
            // An optional item reads its null itself.
            if let item = items[index] { return item }
            guard let null = (Element?.none as Any) as? Element else {
                preconditionFailure("item \(index) of the list in row \(row) is null")
            }
            return null
        }
    }
}
