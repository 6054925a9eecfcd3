import NIOCore

/// Takes an input apart, for targets that make something well-formed of it. Beyond its end there
/// are zeroes, so that no input is too short.
struct FuzzInput {
    private(set) var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 {
        guard let byte = rest.first else { return 0 }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        return byte
    }

    mutating func bool() -> Bool { byte() & 1 == 1 }

    /// Little-endian, in as many bytes as the type has.
    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type
    ) -> Number {
        var number: Number = 0
        for position in 0..<Number.bitWidth / 8 {
            number |= Number(byte()) << Number(position * 8)
        }
        return number
    }

    /// A number in one byte or nine: most fields hold small ones.
    mutating func index() -> UInt64 {
        let short = byte()
        return short == 0xFF ? number(UInt64.self) : UInt64(short)
    }

    /// So many bytes, or what is left.
    mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
        let taken = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        return taken
    }

    mutating func takeRest() -> UnsafeRawBufferPointer { take(rest.count) }
}

extension ByteBuffer {
    init(copying bytes: UnsafeRawBufferPointer) {
        self.init()
        writeBytes(bytes)
    }
}
