/// The values of one column: a view of buffers, with nulls marked in a bitmap.
///
/// Buffers are described in the columnar format's "Physical Memory Layout". Nested types are not
/// supported; they would add children here.
public struct ArrowArray: @unchecked Sendable {
    // Unchecked: pointers make the struct non-sendable, but nobody writes to what they point to.

    /// The type of the values.
    public let type: ArrowType
    /// How many values there are, nulls included.
    public let length: Int
    /// How many of the values are null.
    public let nullCount: Int
    /// Where the first value lies in the buffers, counted in values.
    public let offset: Int

    let layout: ArrowLayout
    let physicalType: ArrowPhysicalType
    /// Keeps all buffers alive: one reference, so that a copy of the array costs one.
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
    private init(_ array: ArrowArray, length: Int, nullCount: Int, offset: Int) {
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

    /// One bit a value, set where there is one; nil if nothing is null.
    public var validity: ArrowBuffer? {
        nullCount == 0
            ? nil : ArrowBuffer(owner: owner, base: validityBase, count: validityByteCount)
    }

    /// Where the values of variable length begin and end; empty for other types.
    public var offsets: ArrowBuffer {
        ArrowBuffer(owner: owner, base: offsetsBase, count: offsetsByteCount)
    }

    /// The values: bits, numbers of fixed width, or the bytes that `offsets` point into.
    public var values: ArrowBuffer {
        ArrowBuffer(owner: owner, base: valuesBase, count: valuesByteCount)
    }

    /// Makes an array of buffers after checking them: sizes, offsets, and that text is UTF-8.
    ///
    /// The number of nulls is counted. Throws `malformed` if the buffers don't fit the type.
    public init(
        type: ArrowType, length: Int, validity: ArrowBuffer?, offsets: ArrowBuffer = .empty,
        values: ArrowBuffer
    ) throws(ArrowError) {
        if let flaw = type.flaw { throw ArrowError(.invalidArgument, flaw) }
        let checked = try ArrowArrayCheck(
            column: ArrowSchema.Column(type, nullable: true), length: length,
            claimedNullCount: validity == nil ? 0 : -1, level: .full
        ).run(validity: validity ?? .empty, offsets: offsets, values: values, name: "\(type)")
        self.init(
            type: type, length: length, nullCount: checked, validity: validity ?? .empty,
            offsets: offsets, values: values)
    }

    /// The array's buffers in the order of the format: validity (empty if nil), offsets if the type
    /// has them, values.
    public var buffers: [ArrowBuffer] {
        layout.bufferCount == 3
            ? [validity ?? .empty, offsets, values] : [validity ?? .empty, values]
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
        if nullCount > 0 {
            nulls =
                count
                - ArrowBitmap.setBitCount(validityBase, offset: offset + start, count: count)
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
        defer { withExtendedLifetime(owner) {} }
        return !ArrowBitmap.bit(validityBase, at: offset + row)
    }
}
