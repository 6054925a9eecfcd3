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

    /// The builders of the type's fields, in the order of `ArrowType.children`; a dictionary type has
    /// one, of its values. The methods for nested values pass them on: append to them only there.
    public let children: [ArrowColumnBuilder]

    let layout: ArrowLayout
    let physicalType: ArrowPhysicalType
    private let expectedCount: Int
    private var validity: ArrowMemory?
    private(set) var offsets: ArrowMemory
    private(set) var values: ArrowMemory
    private var views = ArrowViewWriter(expectedCount: 0)
    /// What dictionaries and runs know of values that came before.
    var shared = ArrowSharedValues()

    /// Makes a builder, with memory for `expectedCount` values from the beginning.
    /// Traps if the type is not a valid one.
    public init(_ type: ArrowType, expectedCount: Int = 0) {
        if let flaw = type.flaw { preconditionFailure(flaw) }
        self.type = type
        self.expectedCount = expectedCount
        layout = type.layout
        physicalType = type.physicalType
        if case .dictionary(_, let value, _) = type {
            children = [ArrowColumnBuilder(value)]
        } else {
            children = type.children.map { ArrowColumnBuilder($0.type) }
        }
        (offsets, values) = Self.memory(layout, expectedCount)
    }

    /// Appends a boolean.
    public func append(_ value: Bool) {
        guard case .bit = layout else { return appendShared("bool") { $0.append(value) } }
        if value {
            appendBit(to: values)
        } else {
            extend(values, toBits: count + 1)
        }
        didAppend()
    }

    /// Appends an integer to a column of integers, dates, times, timestamps, durations or months, in
    /// its unit.
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
        default: appendShared("integer") { $0.append(signed: value) }
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
        default: appendShared("integer") { $0.append(unsigned: value) }
        }
    }

    /// Appends the unscaled value of a decimal.
    public func append(decimal value: Int128) {
        switch physicalType {
        case .decimal128: appendNumber(value)
        case .decimal64: appendNumber(Int64(value))
        case .decimal32: appendNumber(Int32(value))
        case .decimal256: append(decimal: ArrowInt256(value))
        default: appendShared("decimal") { $0.append(decimal: value) }
        }
    }

    /// Appends the unscaled value of a decimal.
    public func append(decimal value: ArrowInt256) {
        guard case .decimal256 = physicalType else {
            guard let value = value.int128 else { wrongType("decimal256") }
            return append(decimal: value)
        }
        values.append(value.low)
        appendNumber(value.high)
    }

    /// Appends an interval. A column of months takes nothing but months, one of days and
    /// milliseconds no months and no parts of milliseconds.
    public func append(_ value: ArrowInterval) {
        switch (physicalType, type) {
        case (.int32, .interval):
            precondition(value.days == 0 && value.nanoseconds == 0, "more than months")
            appendNumber(value.months)
        case (.dayTime, _):
            let (milliseconds, rest) = value.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
            precondition(value.months == 0 && rest == 0, "more than days and milliseconds")
            values.append(value.days)
            appendNumber(Int32(milliseconds))
        case (.monthDayNano, _):
            values.append(value.months)
            values.append(value.days)
            appendNumber(value.nanoseconds)
        default: appendShared("interval") { $0.append(value) }
        }
    }

    /// Appends a number to a column of 32- or 64-bit floats.
    public func append(_ value: Double) {
        switch physicalType {
        case .float64: appendNumber(value.bitPattern)
        case .float32: appendNumber(Float(value).bitPattern)
        default: appendShared("double") { $0.append(value) }
        }
    }

    /// Appends the bits of a half-precision number.
    public func append(halfPrecisionBits bits: UInt16) {
        guard case .float16 = physicalType else {
            return appendShared("half-precision") { $0.append(halfPrecisionBits: bits) }
        }
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
        case .view: views.append(bytes)
        default: return appendShared("bytes") { $0.append(bytes: bytes) }
        }
        didAppend()
    }

    /// Appends bytes as `append(bytes:)` does.
    public func append(_ value: [UInt8]) {
        value.withUnsafeBytes { append(bytes: $0) }
    }

    /// Appends a null. To a union it is one of its first field.
    public func appendNull() {
        switch layout {
        case .none: break
        case .bit: extend(values, toBits: count + 1)
        case .fixedWidth(let width): values.appendZeroes(width)
        case .variable32: offsets.append(Int32(values.count))
        case .variable64: offsets.append(Int64(values.count))
        case .view: views.append(UnsafeRawBufferPointer(start: nil, count: 0))
        case .dictionary(let index): values.appendZeroes(index.integerByteCount)
        case .sparseUnion, .denseUnion, .runEndEncoded:
            return appendNullInside()
        default: closeWithoutItems()
        }
        if layout.hasValidity { extend(validityBitmap(), toBits: count + 1) }
        count += 1
        nullCount += 1
    }

    /// Counts a value of a type with children, whose own buffers `body` writes to.
    func didAppend(
        _ body: (_ offsets: ArrowMemory, _ values: ArrowMemory) -> Void
    ) {
        body(offsets, values)
        didAppend()
    }

    /// Counts a value that is marked nowhere, as it belongs to the run before.
    func didAppendInside() {
        count += 1
    }

    /// Appends the bytes of a number or a fixed-size binary value.
    func append(fixed bytes: UnsafeRawBufferPointer) {
        appendBytes(bytes)
        didAppend()
    }

    /// The array of what has been appended. The builder begins anew.
    public func finish() -> ArrowArray {
        let array: ArrowArray
        if layout == .none {
            array = .nulls(count)
        } else if layout.hasParts {
            array = finishNested()
        } else {
            array = ArrowArray(
                type: type, length: count, nullCount: nullCount,
                validity: validity?.buffer() ?? .empty, offsets: offsets.buffer(),
                values: values.buffer())
        }
        count = 0
        nullCount = 0
        validity = nil
        (offsets, values) = Self.memory(layout, expectedCount)
        shared = ArrowSharedValues()
        return array
    }

    private func finishNested() -> ArrowArray {
        closeRun()
        let isDictionary = type.children.isEmpty && !children.isEmpty
        let made = children.map { $0.finish() }
        let (views, data) = views.finish()
        return ArrowArray(
            type: type, length: count, nullCount: nullCount,
            validity: validity?.buffer() ?? .empty, offsets: offsets.buffer(),
            values: layout == .view ? views : values.buffer(),
            children: isDictionary ? [] : made, dictionary: isDictionary ? made.first : nil,
            data: data)
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
        case .list32:
            let offsets = ArrowMemory(capacity: (expectedCount + 1) * 4)
            offsets.append(Int32(0))
            return (offsets, ArrowMemory(capacity: 0))
        case .list64:
            let offsets = ArrowMemory(capacity: (expectedCount + 1) * 8)
            offsets.append(Int64(0))
            return (offsets, ArrowMemory(capacity: 0))
        default: return (ArrowMemory(capacity: 0), ArrowMemory(capacity: 0))
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
    func wrongType(_ given: String) -> Never {
        preconditionFailure("a value of type \(given) can't be appended to a column of \(type)")
    }
}
