/// Reading and writing of Arrow's bitmaps: bit `i` is bit `i % 8` of byte `i / 8`.
enum ArrowBitmap {
    /// How many bytes `bitCount` bits take.
    @inline(__always)
    static func byteCount(bits bitCount: Int) -> Int {
        bitCount / 8 + (bitCount % 8 == 0 ? 0 : 1)
    }

    @inline(__always)
    static func bit(_ base: UnsafeRawPointer, at index: Int) -> Bool {
        base.load(fromByteOffset: index >> 3, as: UInt8.self) >> UInt8(index & 7) & 1 != 0
    }

    @inline(__always)
    static func setBit(_ base: UnsafeMutableRawPointer, at index: Int) {
        let byte = base.load(fromByteOffset: index >> 3, as: UInt8.self)
        base.storeBytes(
            of: byte | 1 << UInt8(index & 7), toByteOffset: index >> 3, as: UInt8.self)
    }

    /// How many of the bits `offset ..< offset + count` are set.
    static func setBitCount(_ base: UnsafeRawPointer, offset: Int, count: Int) -> Int {
        var index = offset
        let end = offset + count
        var total = 0
        while index < end && index & 7 != 0 {
            total += bit(base, at: index) ? 1 : 0
            index += 1
        }
        while end - index >= 64 {
            total += base.loadUnaligned(fromByteOffset: index >> 3, as: UInt64.self).nonzeroBitCount
            index += 64
        }
        while end - index >= 8 {
            total += base.load(fromByteOffset: index >> 3, as: UInt8.self).nonzeroBitCount
            index += 8
        }
        while index < end {
            total += bit(base, at: index) ? 1 : 0
            index += 1
        }
        return total
    }

    /// Copies `count` bits to a place whose bits are zero so far.
    static func copy(
        from source: UnsafeRawPointer, offset: Int,
        to target: UnsafeMutableRawPointer, offset targetOffset: Int, count: Int
    ) {
        var done = 0
        if offset & 7 == 0 && targetOffset & 7 == 0 {
            let whole = count >> 3
            (target + targetOffset >> 3).copyMemory(
                from: source + offset >> 3, byteCount: whole)
            done = whole << 3
        }
        while done < count {
            if bit(source, at: offset + done) { setBit(target, at: targetOffset + done) }
            done += 1
        }
    }

    /// Sets `count` bits.
    static func set(_ target: UnsafeMutableRawPointer, offset: Int, count: Int) {
        var index = offset
        let end = offset + count
        while index < end && index & 7 != 0 {
            setBit(target, at: index)
            index += 1
        }
        let whole = (end - index) >> 3
        (target + index >> 3).initializeMemory(as: UInt8.self, repeating: 0xFF, count: whole)
        index += whole << 3
        while index < end {
            setBit(target, at: index)
            index += 1
        }
    }
}
