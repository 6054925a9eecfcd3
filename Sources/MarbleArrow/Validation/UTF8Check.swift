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
        let transitions = transitions
        var state = State.between
        var index = 0
        while count - index >= 16 {
            let first = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let second = base.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self)
            let isASCII = (first | second) & 0x8080_8080_8080_8080 == 0
            if !isASCII || state & State.mask != State.between {
                for offset in 0..<16 {
                    let byte = base.load(fromByteOffset: index + offset, as: UInt8.self)
                    state = transitions[Int(byte)] &>> state
                }
                if state & State.mask == State.wrong { return false }
            }
            index += 16
        }
        while index < count {
            state = transitions[Int(base.load(fromByteOffset: index, as: UInt8.self))] &>> state
            index += 1
        }
        return state & State.mask == State.between
    }

    /// Whether a byte is not one inside of a character, in text that is valid.
    @inline(__always)
    static func beginsCharacter(_ byte: UInt8) -> Bool {
        byte & 0xC0 != 0x80
    }

    /// What may come next. Each is a shift, to where its successor stands in a byte's transitions: a step
    /// is one shift, without a branch.
    private enum State {
        static let mask: UInt64 = 63
        static let wrong: UInt64 = 0
        /// The beginning of a character.
        static let between: UInt64 = 6
        /// One to three further bytes of a character.
        static let one: UInt64 = 12
        static let two: UInt64 = 18
        static let three: UInt64 = 24
        /// The second byte behind one that excludes overlong forms, surrogates, or what is above U+10FFFF.
        static let afterE0: UInt64 = 30
        static let afterED: UInt64 = 36
        static let afterF0: UInt64 = 42
        static let afterF4: UInt64 = 48
    }

    // Unsafe only to the compiler: nobody writes there after this.
    private nonisolated(unsafe) static let transitions: UnsafePointer<UInt64> = {
        let table = UnsafeMutablePointer<UInt64>.allocate(capacity: 256)
        table.initialize(repeating: 0, count: 256)
        func add(_ bytes: ClosedRange<Int>, _ from: UInt64, _ to: UInt64) {
            for byte in bytes { table[byte] |= to << from }
        }
        add(0x00...0x7F, State.between, State.between)
        add(0xC2...0xDF, State.between, State.one)
        add(0xE0...0xEF, State.between, State.two)
        add(0xF1...0xF3, State.between, State.three)
        for (byte, state) in [
            (0xE0, State.afterE0), (0xED, State.afterED), (0xF0, State.afterF0),
            (0xF4, State.afterF4),
        ] {
            table[byte] = state << State.between
        }
        add(0x80...0xBF, State.one, State.between)
        add(0x80...0xBF, State.two, State.one)
        add(0x80...0xBF, State.three, State.two)
        add(0xA0...0xBF, State.afterE0, State.one)
        add(0x80...0x9F, State.afterED, State.one)
        add(0x90...0xBF, State.afterF0, State.two)
        add(0x80...0x8F, State.afterF4, State.two)
        return UnsafePointer(table)
    }()
}
