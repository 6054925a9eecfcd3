extension ArrowArray {
    /// Appends a value as bytes that compare (as unsigned bytes, left to right) as the values do.
    ///
    /// Keys of several columns are the columns' bytes one after another: no value's bytes are the
    /// beginning of another's of the same type. Source: `docs/formats/keys.md`.
    /// Traps if the row is null, if there is no such row, or if the type can't be a key
    /// (`ArrowType.canBeKey`).
    public func appendKeyBytes(_ row: Int, to key: inout [UInt8]) {
        precondition(!isNull(row), "a key has no null values")
        switch physicalType {
        case .bit: key.append(bool(at: row) ? 1 : 0)
        case .int8: append(UInt8(bitPattern: load(Int8.self, row)) ^ 0x80, to: &key)
        case .int16: append(UInt16(bitPattern: load(Int16.self, row)) ^ 0x8000, to: &key)
        case .int32:
            append(UInt32(bitPattern: load(Int32.self, row)) ^ 1 << 31, to: &key)
        case .int64:
            append(UInt64(bitPattern: load(Int64.self, row)) ^ 1 << 63, to: &key)
        case .uint8: append(load(UInt8.self, row), to: &key)
        case .uint16: append(load(UInt16.self, row), to: &key)
        case .uint32: append(load(UInt32.self, row), to: &key)
        case .uint64: append(load(UInt64.self, row), to: &key)
        case .float16: appendFloat(load(UInt16.self, row), to: &key)
        case .float32: appendFloat(load(UInt32.self, row), to: &key)
        case .float64: appendFloat(load(UInt64.self, row), to: &key)
        case .decimal128:
            append(UInt128(bitPattern: load(Int128.self, row)) ^ 1 << 127, to: &key)
        case .fixedSizeBinary: withBytes(at: row) { key.append(contentsOf: $0) }
        case .variable32, .variable64:
            withBytes(at: row) { appendEscaped($0, to: &key) }
        case .decimal32, .decimal64, .decimal256, .dayTime, .monthDayNano, .view, .nested:
            wrongType("key")
        }
    }

    @inline(__always)
    private func append<Number: FixedWidthInteger>(_ number: Number, to key: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { key.append(contentsOf: $0) }
    }

    /// IEEE 754 total order: negative numbers have all bits flipped, others only the sign.
    @inline(__always)
    private func appendFloat<Bits: FixedWidthInteger & UnsignedInteger>(
        _ bits: Bits, to key: inout [UInt8]
    ) {
        let sign: Bits = 1 << (Bits.bitWidth - 1)
        append(bits & sign == 0 ? bits ^ sign : ~bits, to: &key)
    }

    /// A zero byte becomes 00 FF, and 00 00 ends the value: so a shorter value comes first, and
    /// what follows in the key can't be taken for a part of it.
    private func appendEscaped(_ bytes: UnsafeRawBufferPointer, to key: inout [UInt8]) {
        var start = 0
        for (index, byte) in bytes.enumerated() where byte == 0 {
            key.append(contentsOf: bytes[start...index])
            key.append(0xFF)
            start = index + 1
        }
        key.append(contentsOf: bytes[start...])
        key.append(0)
        key.append(0)
    }
}
