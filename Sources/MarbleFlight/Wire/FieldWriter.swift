import NIOCore

/// Writes protobuf fields one behind the other into memory that has room for all of them.
struct FieldWriter {
    static let varintByteCountMax = 10

    private let bytes: UnsafeMutableRawBufferPointer
    private(set) var byteCount = 0

    init(_ bytes: UnsafeMutableRawBufferPointer) {
        self.bytes = bytes
    }

    mutating func byte(_ value: UInt8) {
        precondition(byteCount < bytes.count)
        bytes[byteCount] = value
        byteCount += 1
    }

    mutating func bigEndian(_ value: UInt32) {
        precondition(bytes.count - byteCount >= 4)
        bytes.storeBytes(of: value.bigEndian, toByteOffset: byteCount, as: UInt32.self)
        byteCount += 4
    }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            byte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        byte(UInt8(truncatingIfNeeded: rest))
    }

    /// The key and length of a length-delimited field.
    mutating func fieldPrefix(_ number: UInt64, byteCount: Int) {
        varint(number << 3 | 2)
        varint(UInt64(byteCount))
    }

    /// A length-delimited field.
    mutating func field(_ number: UInt64, _ value: ByteBuffer) {
        fieldPrefix(number, byteCount: value.readableBytes)
        value.withUnsafeReadableBytes { source in
            precondition(bytes.count - byteCount >= source.count)
            UnsafeMutableRawBufferPointer(rebasing: bytes[byteCount...]).copyMemory(from: source)
            byteCount += source.count
        }
    }
}
