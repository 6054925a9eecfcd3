/// Checks that buffers hold an array of a type and a length.
struct ArrowArrayCheck {
    let column: ArrowSchema.Column
    let length: Int
    /// As the sender says, or -1 if it doesn't.
    let claimedNullCount: Int
    let level: ArrowValidation

    /// Returns how many values are null; throws `malformed` if the buffers are not such an array.
    @inline(__always)
    func run(
        validity: ArrowBuffer, offsets: ArrowBuffer, values: ArrowBuffer,
        name: @autoclosure () -> String
    ) throws(ArrowError) -> Int {
        guard length >= 0 && length <= ArrowLimits.rowCountMax else {
            throw Self.malformed(name(), "has a length of \(length)")
        }
        let nullCount =
            column.layout.hasValidity ? try checkValidity(validity, name()) : 0
        let needed: Int
        switch column.layout {
        case .bit: needed = ArrowBitmap.byteCount(bits: length)
        case .fixedWidth(let width): needed = length * width
        case .variable32:
            needed = 0
            try checkOffsets(Int32.self, offsets, values, validity, nullCount, name())
        case .variable64:
            needed = 0
            try checkOffsets(Int64.self, offsets, values, validity, nullCount, name())
        default: needed = neededByteCount
        }
        guard values.count >= needed else {
            throw Self.malformed(
                name(), "needs \(needed) bytes for \(length) values, but has \(values.count)")
        }
        return nullCount
    }

    /// How many bytes of values a type that isn't flat needs. What they mean is looked at with the
    /// children: see `run(nested:)`.
    private var neededByteCount: Int {
        switch column.layout {
        case .view: length * ArrowView.byteCount
        case .listView32: length * 4
        case .listView64: length * 8
        case .sparseUnion, .denseUnion: length
        case .dictionary(let index): length * index.integerByteCount
        default: 0
        }
    }

    @inline(__always)
    private func checkValidity(
        _ validity: ArrowBuffer, _ name: @autoclosure () -> String
    ) throws(ArrowError) -> Int {
        if claimedNullCount == 0 { return 0 }
        return try countNulls(validity, name())
    }

    @inline(never)
    private func countNulls(
        _ validity: ArrowBuffer, _ name: @autoclosure () -> String
    ) throws(ArrowError) -> Int {
        guard claimedNullCount >= -1 && claimedNullCount <= length else {
            throw Self.malformed(name(), "claims \(claimedNullCount) nulls in \(length) values")
        }
        if validity.count == 0 && claimedNullCount < 0 { return 0 }
        let needed = ArrowBitmap.byteCount(bits: length)
        guard validity.count >= needed else {
            throw Self.malformed(
                name(), "needs a validity bitmap of \(needed) bytes, but has \(validity.count)")
        }
        var nullCount = claimedNullCount
        if claimedNullCount < 0 || level == .full {
            nullCount =
                length
                - validity.withUnsafeBytes {
                    ArrowBitmap.setBitCount(
                        $0.baseAddress ?? ArrowMemory.zeroes, offset: 0, count: length)
                }
        }
        guard claimedNullCount < 0 || nullCount == claimedNullCount else {
            throw Self.malformed(
                name(), "claims \(claimedNullCount) nulls, but its bitmap says \(nullCount)")
        }
        guard column.nullable || nullCount == 0 else {
            throw Self.malformed(name(), "may not hold nulls, but has \(nullCount)")
        }
        return nullCount
    }

    @inline(__always)
    private func checkOffsets<Offset: FixedWidthInteger & SignedInteger>(
        _ type: Offset.Type, _ offsets: ArrowBuffer, _ values: ArrowBuffer,
        _ validity: ArrowBuffer, _ nullCount: Int, _ name: @autoclosure () -> String
    ) throws(ArrowError) {
        // The offsets of an empty array may be left out.
        if length == 0 { return }
        let needed = (length + 1) * MemoryLayout<Offset>.size
        guard offsets.count >= needed else {
            throw Self.malformed(
                name(), "needs \(needed) bytes of offsets, but has \(offsets.count)")
        }
        defer { withExtendedLifetime((offsets.owner, values.owner, validity.owner)) {} }
        let base = offsets.base
        let first = Self.load(type, base, 0)
        let last = Self.load(type, base, length)
        guard first >= 0 && first <= last && last <= values.count else {
            throw Self.malformed(
                name(), "has offsets from \(first) to \(last) in \(values.count) bytes of values")
        }
        guard level == .full else { return }
        // The sign bit gathers both flaws; there is no overflow as long as neither is negative.
        var flaws: Offset = 0
        var previous = first
        for index in 1...length {
            let next = Self.load(type, base, index)
            flaws |= next | (next &- previous)
            previous = next
        }
        guard flaws >= 0 else { throw Self.malformed(name(), "has offsets that decrease") }
        guard column.isText else { return }
        let text = UnsafeRawBufferPointer(
            start: values.base + Int(first), count: Int(last) - Int(first))
        if UTF8Check.isASCII(text) { return }
        if UTF8Check.isValid(text), Self.dividesNone(type, base, length, text, first) { return }
        try checkEachText(
            type, base, values.base, nullCount == 0 ? nil : validity.base, name())
    }

    /// Whether each value begins between two characters of the text, which is valid.
    private static func dividesNone<Offset: FixedWidthInteger & SignedInteger>(
        _ type: Offset.Type, _ offsets: UnsafeRawPointer, _ length: Int,
        _ text: UnsafeRawBufferPointer, _ first: Offset
    ) -> Bool {
        guard let base = text.baseAddress else { return true }
        // Empty values at the end begin where there is no text.
        var count = length
        while count > 0, Int(load(type, offsets, count - 1) &- first) >= text.count { count -= 1 }
        var isDivided = false
        for row in 0..<count {
            let start = Int(load(type, offsets, row) &- first)
            let byte = base.load(fromByteOffset: start, as: UInt8.self)
            isDivided = isDivided || !UTF8Check.beginsCharacter(byte)
        }
        return !isDivided
    }

    /// Looks at one value after the other, where not all bytes together are valid text: what lies behind
    /// a null is nobody's business.
    @inline(never)
    private func checkEachText<Offset: FixedWidthInteger & SignedInteger>(
        _ type: Offset.Type, _ offsets: UnsafeRawPointer, _ values: UnsafeRawPointer,
        _ validity: UnsafeRawPointer?, _ name: @autoclosure () -> String
    ) throws(ArrowError) {
        for row in 0..<length {
            if let validity, !ArrowBitmap.bit(validity, at: row) { continue }
            let start = Int(Self.load(type, offsets, row))
            let end = Int(Self.load(type, offsets, row + 1))
            let text = UnsafeRawBufferPointer(start: values + start, count: end - start)
            guard UTF8Check.isValid(text) else {
                throw Self.malformed(
                    name(), "is text, but its value in row \(row) is not valid UTF-8")
            }
        }
    }

    @inline(__always)
    static func load<Offset: FixedWidthInteger>(
        _ type: Offset.Type, _ base: UnsafeRawPointer, _ index: Int
    ) -> Offset {
        Offset(
            littleEndian: base.loadUnaligned(
                fromByteOffset: index &* MemoryLayout<Offset>.size, as: type))
    }

    @inline(never)
    static func malformed(_ name: String, _ flaw: String) -> ArrowError {
        ArrowError(
            .malformed, "column \"\(name)\" \(flaw); the record batch is damaged or wrongly made")
    }
}
