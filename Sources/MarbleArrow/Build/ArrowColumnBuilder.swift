/// Collects the values of one column and makes an array of them.
///
/// Each `append` traps if the value is not of the column's type or doesn't fit into it: that is a
/// mistake of the caller, who knows the schema. A builder belongs to one thread at a time.
public final class ArrowColumnBuilder {
    /// The type of the values.
    public let type: ArrowType
    /// How many values have been appended, nulls included.
    public private(set) var count = 0
    /// How many of them are null.
    public private(set) var nullCount = 0

    private let layout: ArrowLayout
    private let physicalType: ArrowPhysicalType
    private let expectedCount: Int
    private var validity: ArrowMemory?
    private var offsets: ArrowMemory
    private var values: ArrowMemory

    /// Makes a builder, with memory for `expectedCount` values from the beginning.
    /// Traps if the type is not a valid one.
    public init(_ type: ArrowType, expectedCount: Int = 0) {
        if let flaw = type.flaw { preconditionFailure(flaw) }
        self.type = type
        self.expectedCount = expectedCount
        layout = type.layout
        physicalType = type.physicalType
        (offsets, values) = Self.memory(layout, expectedCount)
    }

    /// Appends a boolean.
    public func append(_ value: Bool) {
        guard case .bit = layout else { wrongType("bool") }
        if value {
            appendBit(to: values)
        } else {
            extend(values, toBits: count + 1)
        }
        didAppend()
    }

    /// Appends an integer to a column of integers, dates, times or timestamps, in its unit.
    @inlinable
    public func append<Number: BinaryInteger>(_ value: Number) {
        if Number.isSigned {
            append(signed: Int64(value))
        } else {
            append(unsigned: UInt64(value))
        }
    }

    @usableFromInline
    func append(signed value: Int64) {
        switch physicalType {
        case .int64: appendNumber(value)
        case .int32: appendNumber(Int32(value))
        case .int16: appendNumber(Int16(value))
        case .int8: appendNumber(Int8(value))
        case .uint64, .uint32, .uint16, .uint8: append(unsigned: UInt64(value))
        default: wrongType("integer")
        }
    }

    @usableFromInline
    func append(unsigned value: UInt64) {
        switch physicalType {
        case .uint64: appendNumber(value)
        case .uint32: appendNumber(UInt32(value))
        case .uint16: appendNumber(UInt16(value))
        case .uint8: appendNumber(UInt8(value))
        case .int64, .int32, .int16, .int8: append(signed: Int64(value))
        default: wrongType("integer")
        }
    }

    /// Appends the unscaled value of a decimal.
    public func append(decimal value: Int128) {
        guard case .decimal128 = physicalType else { wrongType("decimal128") }
        appendNumber(value)
    }

    /// Appends a number to a column of 32- or 64-bit floats.
    public func append(_ value: Double) {
        switch physicalType {
        case .float64: appendNumber(value.bitPattern)
        case .float32: appendNumber(Float(value).bitPattern)
        default: wrongType("double")
        }
    }

    /// Appends the bits of a half-precision number.
    public func append(halfPrecisionBits bits: UInt16) {
        guard case .float16 = physicalType else { wrongType("half-precision") }
        appendNumber(bits)
    }

    /// Appends text to a column of text or binary. A column with 32-bit offsets takes 2 GiB at
    /// most.
    public func append(_ value: String) {
        var copy = value
        copy.withUTF8 { append(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// Appends bytes to a column of text (they must be UTF-8), binary, or fixed-size binary. A
    /// column with 32-bit offsets takes 2 GiB at most.
    public func append(bytes: UnsafeRawBufferPointer) {
        switch layout {
        case .variable32:
            appendBytes(bytes)
            offsets.append(Int32(values.count))
        case .variable64:
            appendBytes(bytes)
            offsets.append(Int64(values.count))
        case .fixedWidth(let width):
            guard case .fixedSizeBinary = physicalType else { wrongType("bytes") }
            precondition(bytes.count == width, "\(bytes.count) bytes for a column of \(type)")
            appendBytes(bytes)
        case .bit: wrongType("bytes")
        }
        didAppend()
    }

    /// Appends bytes as `append(bytes:)` does.
    public func append(_ value: [UInt8]) {
        value.withUnsafeBytes { append(bytes: $0) }
    }

    /// Appends a null.
    public func appendNull() {
        switch layout {
        case .bit: extend(values, toBits: count + 1)
        case .fixedWidth(let width): values.appendZeroes(width)
        case .variable32: offsets.append(Int32(values.count))
        case .variable64: offsets.append(Int64(values.count))
        }
        let bitmap = validityBitmap()
        extend(bitmap, toBits: count + 1)
        count += 1
        nullCount += 1
    }

    /// Appends a value, null or not, of an array of the same type.
    /// Traps if the types differ, or if there is no such row.
    public func append(from array: ArrowArray, row: Int) {
        precondition(array.type == type, "\(array.type) appended to a column of \(type)")
        if array.isNull(row) {
            appendNull()
            return
        }
        switch layout {
        case .bit: append(array.bool(at: row))
        case .variable32, .variable64: array.withBytes(at: row) { append(bytes: $0) }
        case .fixedWidth:
            array.withBytes(at: row) { appendBytes($0) }
            didAppend()
        }
    }

    /// The array of what has been appended. The builder begins anew.
    public func finish() -> ArrowArray {
        let array = ArrowArray(
            type: type, length: count, nullCount: nullCount,
            validity: validity?.buffer() ?? .empty, offsets: offsets.buffer(),
            values: values.buffer())
        count = 0
        nullCount = 0
        validity = nil
        (offsets, values) = Self.memory(layout, expectedCount)
        return array
    }

    private static func memory(
        _ layout: ArrowLayout, _ expectedCount: Int
    ) -> (offsets: ArrowMemory, values: ArrowMemory) {
        switch layout {
        case .bit:
            let bitmap = ArrowBitmap.byteCount(bits: expectedCount)
            return (ArrowMemory(capacity: 0), ArrowMemory(capacity: bitmap))
        case .fixedWidth(let width):
            return (ArrowMemory(capacity: 0), ArrowMemory(capacity: expectedCount * width))
        case .variable32:
            let offsets = ArrowMemory(capacity: (expectedCount + 1) * 4)
            offsets.append(Int32(0))
            return (offsets, ArrowMemory(capacity: expectedCount * 16))
        case .variable64:
            let offsets = ArrowMemory(capacity: (expectedCount + 1) * 8)
            offsets.append(Int64(0))
            return (offsets, ArrowMemory(capacity: expectedCount * 16))
        }
    }

    @inline(__always)
    private func appendNumber<Number: FixedWidthInteger>(_ number: Number) {
        values.append(number)
        didAppend()
    }

    @inline(__always)
    private func appendBytes(_ bytes: UnsafeRawBufferPointer) {
        if let base = bytes.baseAddress { values.append(base, count: bytes.count) }
    }

    @inline(__always)
    private func didAppend() {
        if let validity { appendBit(to: validity) }
        count += 1
    }

    /// Sets the bit of the value that is being appended.
    @inline(__always)
    private func appendBit(to bitmap: ArrowMemory) {
        extend(bitmap, toBits: count + 1)
        ArrowBitmap.setBit(bitmap.base, at: count)
    }

    @inline(__always)
    private func extend(_ bitmap: ArrowMemory, toBits bitCount: Int) {
        if ArrowBitmap.byteCount(bits: bitCount) > bitmap.count { bitmap.append(UInt8(0)) }
    }

    /// The validity bitmap, made with all values valid when the first null comes.
    private func validityBitmap() -> ArrowMemory {
        if let validity { return validity }
        let byteCount = ArrowBitmap.byteCount(bits: count)
        let made = ArrowMemory(
            capacity: max(byteCount, ArrowBitmap.byteCount(bits: expectedCount)))
        made.appendZeroes(byteCount)
        ArrowBitmap.set(made.base, offset: 0, count: count)
        validity = made
        return made
    }

    @inline(never)
    private func wrongType(_ given: String) -> Never {
        preconditionFailure("a value of type \(given) can't be appended to a column of \(type)")
    }
}
