/// The values of one column: a view of buffers, with nulls marked in a bitmap.
///
/// Buffers are described in the columnar format's "Physical Memory Layout". Nested types have
/// `children`, dictionary types a `dictionary`.
public struct ArrowArray: @unchecked Sendable {
    // Unchecked: pointers make the struct non-sendable, but nobody writes to what they point to.

    /// The type of the values.
    public let type: ArrowType
    /// How many values there are, nulls included.
    public let length: Int
    /// How many of the values are null. Unions and runs have no nulls of their own: those of their
    /// values count. A dictionary column's are those of its numbers.
    public let nullCount: Int
    /// Where the first value lies in the buffers, counted in values.
    public let offset: Int

    let layout: ArrowLayout
    let physicalType: ArrowPhysicalType
    /// Keeps all buffers alive: one reference, so that a copy of the array costs one. If the layout
    /// has parts, it is these.
    let owner: AnyObject?
    /// Meaningless if nothing is null.
    let validityBase: UnsafeRawPointer
    let offsetsBase: UnsafeRawPointer
    let valuesBase: UnsafeRawPointer
    private let validityByteCount: Int
    private let offsetsByteCount: Int
    let valuesByteCount: Int

    /// Trusts its arguments: whoever calls it has checked that the buffers hold what is claimed.
    @inline(__always)
    init(
        type: ArrowType, column: ArrowSchema.Column, length: Int, nullCount: Int, offset: Int = 0,
        owner: AnyObject?, validity: ArrowBuffer, offsets: ArrowBuffer, values: ArrowBuffer
    ) {
        self.type = type
        self.layout = column.layout
        self.physicalType = column.physicalType
        self.length = length
        self.nullCount = nullCount
        self.offset = offset
        self.owner = owner
        validityBase = validity.base
        validityByteCount = validity.count
        offsetsBase = offsets.base
        offsetsByteCount = offsets.count
        valuesBase = values.base
        valuesByteCount = values.count
    }

    /// Trusts its arguments, as above, and keeps the buffers' owners.
    init(
        type: ArrowType, length: Int, nullCount: Int, validity: ArrowBuffer, offsets: ArrowBuffer,
        values: ArrowBuffer
    ) {
        let kept = nullCount == 0 ? ArrowBuffer.empty : validity
        self.init(
            type: type, column: ArrowSchema.Column(type, nullable: true), length: length,
            nullCount: nullCount, owner: ArrowBufferOwners.owner(of: kept, offsets, values),
            validity: kept, offsets: offsets, values: values)
    }

    /// The rows `offset ..< offset + length` of an array.
    init(_ array: ArrowArray, length: Int, nullCount: Int, offset: Int) {
        type = array.type
        layout = array.layout
        physicalType = array.physicalType
        self.length = length
        self.nullCount = nullCount
        self.offset = offset
        owner = array.owner
        validityBase = array.validityBase
        validityByteCount = array.validityByteCount
        offsetsBase = array.offsetsBase
        offsetsByteCount = array.offsetsByteCount
        valuesBase = array.valuesBase
        valuesByteCount = array.valuesByteCount
    }

    /// One bit a value, set where there is one; nil if nothing is null, or if the type has no bitmap.
    public var validity: ArrowBuffer? {
        nullCount == 0 || !layout.hasValidity
            ? nil : ArrowBuffer(owner: owner, base: validityBase, count: validityByteCount)
    }

    /// Where the values of variable length, lists' items, or a dense union's values begin; empty for
    /// other types.
    public var offsets: ArrowBuffer {
        ArrowBuffer(owner: owner, base: offsetsBase, count: offsetsByteCount)
    }

    /// The values: bits, numbers of fixed width, the bytes that `offsets` point into, views, the sizes
    /// of list views, a union's type numbers, or a dictionary column's numbers.
    public var values: ArrowBuffer {
        ArrowBuffer(owner: owner, base: valuesBase, count: valuesByteCount)
    }

    /// Makes an array of buffers after checking them: sizes, offsets, and that text is UTF-8. For
    /// flat types; nested ones are made with `init(type:length:validity:buffers:children:)`.
    ///
    /// The number of nulls is counted. Throws `malformed` if the buffers don't fit the type.
    public init(
        type: ArrowType, length: Int, validity: ArrowBuffer?, offsets: ArrowBuffer = .empty,
        values: ArrowBuffer
    ) throws(ArrowError) {
        try self.init(
            type: type, length: length, validity: validity,
            buffers: type.layout.bufferCount == 3 ? [offsets, values] : [values])
    }

    /// The array's buffers in the order of the format: validity (empty if nil), then those that the
    /// type has. What views point to and what children have is not among them.
    public var buffers: [ArrowBuffer] {
        switch layout {
        case .none, .runEndEncoded: []
        case .bit, .fixedWidth, .view, .dictionary: [validity ?? .empty, values]
        case .variable32, .variable64, .listView32, .listView64:
            [validity ?? .empty, offsets, values]
        case .list32, .list64: [validity ?? .empty, offsets]
        case .fixedSizeList, .structure: [validity ?? .empty]
        case .sparseUnion: [values]
        case .denseUnion: [values, offsets]
        }
    }

    /// Whether the value of a row is null. Traps if there is no such row.
    @inline(__always)
    public func isNull(_ row: Int) -> Bool {
        checkRow(row)
        return isNullUnchecked(row)
    }

    /// The rows `offset ..< offset + length` as an array that shares the buffers.
    /// Traps if there are no such rows.
    public func slice(offset start: Int, length count: Int) -> ArrowArray {
        precondition(
            start >= 0 && count >= 0 && start <= length && count <= length - start,
            "rows \(start) ..< \(start) + \(count) of \(length)")
        if count == length { return self }
        var nulls = 0
        if nullCount > 0 && layout.hasValidity {
            nulls =
                count
                - ArrowBitmap.setBitCount(validityBase, offset: offset + start, count: count)
        } else if nullCount > 0 {
            nulls = nullCountInside(from: start, count: count)
        }
        defer { withExtendedLifetime(owner) {} }
        return ArrowArray(self, length: count, nullCount: nulls, offset: offset + start)
    }

    @inline(__always)
    func checkRow(_ row: Int) {
        precondition(row >= 0 && row < length, "no such row in the array")
    }

    @inline(__always)
    func isNullUnchecked(_ row: Int) -> Bool {
        if nullCount == 0 { return false }
        guard layout.hasValidity else { return isNullInside(row) }
        defer { withExtendedLifetime(owner) {} }
        return !ArrowBitmap.bit(validityBase, at: offset + row)
    }
}
