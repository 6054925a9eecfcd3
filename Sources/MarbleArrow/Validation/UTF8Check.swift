/// Whether bytes are valid UTF-8 (RFC 3629, section 4).
enum UTF8Check {
    @inline(__always)
    static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let count = bytes.count
        var index = 0
        while count - index >= 64 {
            var gathered = SIMD8<UInt64>(repeating: 0)
            for lane in 0..<8 {
                gathered[lane] = base.loadUnaligned(
                    fromByteOffset: index + lane * 8, as: UInt64.self)
            }
            let high = gathered & 0x8080_8080_8080_8080
            if high != SIMD8<UInt64>(repeating: 0) { return false }
            index += 64
        }
        while count - index >= 8 {
            let word = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if word & 0x8080_8080_8080_8080 != 0 { return false }
            index += 8
        }
        while index < count {
            if base.load(fromByteOffset: index, as: UInt8.self) >= 0x80 { return false }
            index += 1
        }
        return true
    }

    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let count = bytes.count
        var index = 0
        while index < count {
            if count - index >= 8,
                base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                    & 0x8080_8080_8080_8080 == 0
            {
                index += 8
                continue
            }
            let length = characterLength(base + index, available: count - index)
            if length == 0 { return false }
            index += length
        }
        return true
    }

    /// How many bytes the character has that begins here; 0 if it is not a valid one.
    @inline(__always)
    private static func characterLength(_ base: UnsafeRawPointer, available: Int) -> Int {
        let lead = base.load(as: UInt8.self)
        if lead < 0x80 { return 1 }
        // The second byte's range excludes overlong forms, surrogates, and what is above U+10FFFF.
        let length: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF:
            length = 3
            if lead == 0xE0 { low = 0xA0 }
            if lead == 0xED { high = 0x9F }
        case 0xF0...0xF4:
            length = 4
            if lead == 0xF0 { low = 0x90 }
            if lead == 0xF4 { high = 0x8F }
        default: return 0
        }
        guard available >= length else { return 0 }
        let second = base.load(fromByteOffset: 1, as: UInt8.self)
        guard second >= low && second <= high else { return 0 }
        for index in 2..<max(length, 2)
        where base.load(fromByteOffset: index, as: UInt8.self) & 0xC0 != 0x80 {
            return 0
        }
        return length
    }
}
