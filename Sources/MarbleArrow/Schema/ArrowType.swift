/// The unit of times, timestamps and durations.
public enum ArrowTimeUnit: UInt8, Sendable, Hashable, CaseIterable {
    case second, millisecond, microsecond, nanosecond
}

/// What a calendar interval counts.
public enum ArrowIntervalUnit: UInt8, Sendable, Hashable, CaseIterable {
    /// Months, as 32-bit integers; 12 are a year.
    case yearMonth
    /// Days and milliseconds, each a 32-bit integer.
    case dayTime
    /// Months and days, each a 32-bit integer, and nanoseconds, a 64-bit integer.
    case monthDayNano
}

/// The logical type of a column (Arrow columnar format 1.5, "Data Types"; Schema.fbs).
///
/// Names and metadata of nested fields are part of the type: `==` compares them. What matters for
/// values alone is compared by `matches(_:)`.
public enum ArrowType: Sendable, Hashable {
    /// Every value is null.
    case null
    case bool
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case float16, float32, float64
    /// Text and bytes with 32-bit offsets: at most 2 GiB in one array.
    case utf8, binary
    /// Text and bytes with 64-bit offsets.
    case largeUtf8, largeBinary
    /// Text and bytes behind views of 16 bytes, which hold values of up to 12 bytes themselves.
    case utf8View, binaryView
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
    /// A length of time, without regard to the calendar.
    case duration(ArrowTimeUnit)
    /// A length of time by the calendar.
    case interval(ArrowIntervalUnit)
    /// An exact number: a 32-bit integer divided by 10 to the power of `scale`.
    case decimal32(precision: Int, scale: Int)
    /// An exact number: a 64-bit integer divided by 10 to the power of `scale`.
    case decimal64(precision: Int, scale: Int)
    /// An exact number: a 128-bit integer divided by 10 to the power of `scale`.
    case decimal128(precision: Int, scale: Int)
    /// An exact number: a 256-bit integer divided by 10 to the power of `scale`.
    case decimal256(precision: Int, scale: Int)
    /// Values of one field, any number of them, behind 32-bit offsets.
    indirect case list(ArrowField)
    /// Values of one field, any number of them, behind 64-bit offsets.
    indirect case largeList(ArrowField)
    /// Values of one field, each list at a 32-bit offset and with a size of its own.
    indirect case listView(ArrowField)
    /// Values of one field, each list at a 64-bit offset and with a size of its own.
    indirect case largeListView(ArrowField)
    /// Exactly `size` values of one field.
    indirect case fixedSizeList(ArrowField, size: Int)
    /// One value of each field.
    case `struct`([ArrowField])
    /// Keys and values. `entries` is a struct of two fields, the first one the key, without nulls.
    indirect case map(entries: ArrowField, keysSorted: Bool)
    /// A value of one of several fields.
    indirect case union(ArrowUnionType)
    /// Numbers of values in a dictionary that accompanies the column. `index` is an integer type.
    indirect case dictionary(index: ArrowType, value: ArrowType, isOrdered: Bool)
    /// Each value once for a run of equal ones. `runEnds` is of 16, 32 or 64 bits, without nulls.
    indirect case runEndEncoded(runEnds: ArrowField, values: ArrowField)
}

/// A union's fields, and how its values find theirs.
public struct ArrowUnionType: Sendable, Hashable {
    /// Where the values of a union lie.
    public enum Mode: UInt8, Sendable, Hashable {
        /// Each field has as many values as the union.
        case sparse
        /// Each field has only its own values; the union has their positions.
        case dense
    }

    /// Where the values lie.
    public var mode: Mode
    /// What values can be of.
    public var fields: [ArrowField]
    /// The number of each field in the array of type numbers, from 0 to 127.
    public var typeIDs: [Int8]

    /// Makes a union type. Without numbers fields count from 0.
    public init(_ mode: Mode, _ fields: [ArrowField], typeIDs: [Int8]? = nil) {
        self.mode = mode
        self.fields = fields
        self.typeIDs = typeIDs ?? (0..<fields.count).map { Int8(clamping: $0) }
    }

    /// The position of the field of a type number, or nil if there is none.
    public func position(ofTypeID typeID: Int8) -> Int? {
        typeIDs.firstIndex(of: typeID)
    }
}
