/// Reading single values. Each method traps if there is no such row, or if the type is not one that
/// it reads: both are mistakes of the caller. What is read from a null row means nothing.
extension ArrowArray {
    /// The value of a boolean column.
    public func bool(at row: Int) -> Bool {
        checkRow(row)
        guard case .bit = layout else { wrongType("bool") }
        defer { withExtendedLifetime(owner) {} }
        return ArrowBitmap.bit(valuesBase, at: offset + row)
    }

    /// The value of an integer, date, time, timestamp, duration or month column, in its unit. An unsigned
    /// 64-bit value above `Int64.max` traps: read those with `uint64(at:)`.
    public func int64(at row: Int) -> Int64 {
        checkRow(row)
        switch physicalType {
        case .int64: return load(Int64.self, row)
        case .int32: return Int64(load(Int32.self, row))
        case .int16: return Int64(load(Int16.self, row))
        case .int8: return Int64(load(Int8.self, row))
        case .uint64: return Int64(load(UInt64.self, row))
        case .uint32: return Int64(load(UInt32.self, row))
        case .uint16: return Int64(load(UInt16.self, row))
        case .uint8: return Int64(load(UInt8.self, row))
        default: wrongType("int64")
        }
    }

    /// The value of an unsigned integer column.
    public func uint64(at row: Int) -> UInt64 {
        checkRow(row)
        switch physicalType {
        case .uint64: return load(UInt64.self, row)
        case .uint32: return UInt64(load(UInt32.self, row))
        case .uint16: return UInt64(load(UInt16.self, row))
        case .uint8: return UInt64(load(UInt8.self, row))
        default: wrongType("uint64")
        }
    }

    /// The value of a floating-point column.
    public func double(at row: Int) -> Double {
        checkRow(row)
        switch physicalType {
        case .float64: return Double(bitPattern: load(UInt64.self, row))
        case .float32: return Double(Float(bitPattern: load(UInt32.self, row)))
        case .float16: return Double(halfPrecisionBits: load(UInt16.self, row))
        default: wrongType("double")
        }
    }

    /// The unscaled value of a decimal column of up to 128 bits.
    public func decimal128(at row: Int) -> Int128 {
        checkRow(row)
        switch physicalType {
        case .decimal128: return load(Int128.self, row)
        case .decimal64: return Int128(load(Int64.self, row))
        case .decimal32: return Int128(load(Int32.self, row))
        default: wrongType("decimal128")
        }
    }

    /// The unscaled value of a decimal column of any width.
    public func decimal256(at row: Int) -> ArrowInt256 {
        checkRow(row)
        guard case .decimal256 = physicalType else { return ArrowInt256(decimal128(at: row)) }
        defer { withExtendedLifetime(owner) {} }
        let base = valuesBase + (offset + row) * 32
        return ArrowInt256(
            high: Int128(littleEndian: base.loadUnaligned(fromByteOffset: 16, as: Int128.self)),
            low: UInt128(littleEndian: base.loadUnaligned(as: UInt128.self)))
    }

    /// The value of a column of intervals of any unit.
    public func interval(at row: Int) -> ArrowInterval {
        checkRow(row)
        defer { withExtendedLifetime(owner) {} }
        let base = valuesBase + (offset + row) * (layout == .fixedWidth(16) ? 16 : 8)
        func number(_ position: Int) -> Int32 {
            Int32(littleEndian: base.loadUnaligned(fromByteOffset: position, as: Int32.self))
        }
        switch (physicalType, type) {
        case (.int32, .interval): return ArrowInterval(months: load(Int32.self, row))
        case (.dayTime, _):
            return ArrowInterval(days: number(0), nanoseconds: Int64(number(4)) * 1_000_000)
        case (.monthDayNano, _):
            let nanoseconds = base.loadUnaligned(fromByteOffset: 8, as: Int64.self)
            return ArrowInterval(
                months: number(0), days: number(4), nanoseconds: Int64(littleEndian: nanoseconds))
        default: wrongType("interval")
        }
    }

    /// The value of a text, binary or fixed-size binary column, sharing its memory.
    public func bytes(at row: Int) -> ArrowBuffer {
        checkRow(row)
        if case .view = layout {
            let bytes = viewedBytes(row)
            return ArrowBuffer(
                owner: owner, base: bytes.baseAddress ?? ArrowMemory.zeroes, count: bytes.count)
        }
        let range = byteRange(row)
        return values.slice(offset: range.lowerBound, count: range.count)
    }

    /// Lends the bytes of a text, binary or fixed-size binary value for the duration of the call.
    @inline(__always)
    public func withBytes<Result, Failure: Error>(
        at row: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        checkRow(row)
        defer { withExtendedLifetime(owner) {} }
        if case .view = layout { return try body(viewedBytes(row)) }
        let range = byteRange(row)
        return try body(
            UnsafeRawBufferPointer(start: valuesBase + range.lowerBound, count: range.count))
    }

    /// How many bytes a text, binary or fixed-size binary value has.
    public func byteCount(at row: Int) -> Int {
        checkRow(row)
        if case .view = layout { return viewedBytes(row).count }
        return byteRange(row).count
    }

    /// The value of a text column.
    public func string(at row: Int) -> String {
        guard type.isText else { wrongType("string") }
        return withBytes(at: row) { String(decoding: $0, as: UTF8.self) }
    }

    @inline(__always)
    func load<Number: FixedWidthInteger>(_ type: Number.Type, _ row: Int) -> Number {
        defer { withExtendedLifetime(owner) {} }
        let position = (offset + row) * MemoryLayout<Number>.size
        return Number(littleEndian: valuesBase.loadUnaligned(fromByteOffset: position, as: type))
    }

    /// Where a value's bytes lie in `values`. Offsets were checked when the array was made; an
    /// array that was decoded without a full check must come from bytes that were checked once, so
    /// damage is caught here rather than read past.
    @inline(__always)
    func byteRange(_ row: Int) -> Range<Int> {
        let start: Int
        let end: Int
        defer { withExtendedLifetime(owner) {} }
        switch layout {
        case .variable32:
            let position = (offset + row) * 4
            start = Int(
                Int32(
                    littleEndian: offsetsBase.loadUnaligned(
                        fromByteOffset: position, as: Int32.self)))
            end = Int(
                Int32(
                    littleEndian: offsetsBase.loadUnaligned(
                        fromByteOffset: position + 4, as: Int32.self)))
        case .variable64:
            let position = (offset + row) * 8
            start = Int(
                Int64(
                    littleEndian: offsetsBase.loadUnaligned(
                        fromByteOffset: position, as: Int64.self)))
            end = Int(
                Int64(
                    littleEndian: offsetsBase.loadUnaligned(
                        fromByteOffset: position + 8, as: Int64.self)))
        case .fixedWidth(let width):
            start = (offset + row) * width
            end = start + width
        default: wrongType("bytes")
        }
        precondition(
            start >= 0 && start <= end && end <= valuesByteCount,
            "offsets \(start) ..< \(end) leave the \(valuesByteCount) bytes of values")
        return start..<end
    }

    @inline(never)
    func wrongType(_ asked: String) -> Never {
        preconditionFailure("a column of type \(type) has no values of type \(asked)")
    }
}

extension Double {
    /// The value of an IEEE 754 half-precision number, which is not a type on every platform.
    init(halfPrecisionBits bits: UInt16) {
        let sign: Double = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Double(bits & 0x3FF) / 1024
        switch exponent {
        case 0: self = sign * fraction * 0x1p-14
        case 31: self = fraction == 0 ? sign * .infinity : .nan
        default:
            self =
                sign * (1 + fraction) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
        }
    }
    /// The nearest IEEE 754 half-precision number's bits, ties to even.
    var halfPrecisionBits: UInt16 {
        let sign: UInt16 = self.sign == .minus ? 0x8000 : 0
        if isNaN { return sign | 0x7E00 }
        // Above this everything rounds to infinity.
        if magnitude >= 65520 { return sign | 0x7C00 }
        if magnitude < 0x1p-14 {
            return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
        }
        let fraction = (magnitude.significand * 1024).rounded(.toNearestOrEven)
        // A fraction rounded up to the next power of two carries into the exponent.
        return sign + UInt16((Int(exponent) + 14) << 10) + UInt16(fraction)
    }
}
