/// The unit of times and timestamps.
public enum ArrowTimeUnit: UInt8, Sendable, Hashable, CaseIterable {
    case second, millisecond, microsecond, nanosecond
}

/// The logical type of a column (Arrow columnar format 1.5, "Logical Types"; Schema.fbs).
///
/// Types that are not listed here are refused when a schema is read.
public enum ArrowType: Sendable, Hashable {
    case bool
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case float16, float32, float64
    /// Text and bytes with 32-bit offsets: at most 2 GiB in one array.
    case utf8, binary
    /// Text and bytes with 64-bit offsets.
    case largeUtf8, largeBinary
    /// Values of `byteWidth` bytes each, at least 1.
    case fixedSizeBinary(byteWidth: Int)
    /// Days since 1970-01-01.
    case date32
    /// Milliseconds since 1970-01-01, whole days.
    case date64
    /// Time since midnight, in seconds or milliseconds.
    case time32(ArrowTimeUnit)
    /// Time since midnight, in microseconds or nanoseconds.
    case time64(ArrowTimeUnit)
    /// Time since 1970-01-01T00:00:00, in UTC if there is a time zone, else of no known zone.
    case timestamp(ArrowTimeUnit, timezone: String?)
    /// An exact number: a 128-bit integer divided by 10 to the power of `scale`.
    case decimal128(precision: Int, scale: Int)

    /// Whether values are text that has to be valid UTF-8.
    public var isText: Bool {
        self == .utf8 || self == .largeUtf8
    }

    /// Whether values are bytes of any length: text or binary.
    public var isVariableLength: Bool {
        switch layout {
        case .variable32, .variable64: true
        case .bit, .fixedWidth: false
        }
    }

    /// How many bytes a value takes, or nil if it is a bit or of variable length.
    public var byteWidth: Int? {
        if case .fixedWidth(let width) = layout { width } else { nil }
    }

    /// Why no column can have this type, or nil if it is a valid one. Check it before a schema is
    /// made of a type from outside.
    public var flaw: String? {
        switch self {
        case .fixedSizeBinary(let byteWidth) where byteWidth < 1 || byteWidth > Int(Int32.max):
            "a fixed-size binary's width must be between 1 and 2147483647 bytes, not \(byteWidth)"
        case .time32(let unit) where unit != .second && unit != .millisecond:
            "time32 counts seconds or milliseconds; use time64 for \(unit)s"
        case .time64(let unit) where unit != .microsecond && unit != .nanosecond:
            "time64 counts microseconds or nanoseconds; use time32 for \(unit)s"
        case .decimal128(let precision, _) where precision < 1 || precision > 38:
            "a 128-bit decimal's precision must be between 1 and 38 digits, not \(precision)"
        case .decimal128(_, let scale) where Int32(exactly: scale) == nil:
            "a decimal's scale must fit into 32 bits"
        default: nil
        }
    }
}
