package import NIOCore

/// Appends protobuf fields to a buffer; fields with default values are left out, as proto3 asks.
package struct ProtobufWriter {
    package private(set) var buffer = ByteBuffer()

    package init() {}

    package mutating func bytes(_ number: UInt64, _ value: ByteBuffer) {
        guard value.readableBytes > 0 else { return }
        buffer.writeFieldPrefix(number, byteCount: value.readableBytes)
        buffer.writeImmutableBuffer(value)
    }

    package mutating func string(_ number: UInt64, _ value: String) {
        guard !value.isEmpty else { return }
        element(number, value)
    }

    /// A text of a repeated field: also an empty one counts.
    package mutating func element(_ number: UInt64, _ value: String) {
        buffer.writeFieldPrefix(number, byteCount: value.utf8.count)
        buffer.writeString(value)
    }

    package mutating func message(_ number: UInt64, _ value: ByteBuffer) {
        buffer.writeFieldPrefix(number, byteCount: value.readableBytes)
        buffer.writeImmutableBuffer(value)
    }

    package mutating func unsigned(_ number: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        buffer.writeVarint(number << 3)
        buffer.writeVarint(value)
    }

    package mutating func signed(_ number: UInt64, _ value: Int64) {
        unsigned(number, UInt64(bitPattern: value))
    }

    package mutating func double(_ number: UInt64, _ value: Double) {
        buffer.writeVarint(number << 3 | 1)
        buffer.writeInteger(value.bitPattern, endianness: .little)
    }
}

extension ByteBuffer {
    mutating func writeVarint(_ value: UInt64) {
        write(byteCountMax: FieldWriter.varintByteCountMax) { $0.varint(value) }
    }

    /// The key and length of a length-delimited field.
    mutating func writeFieldPrefix(_ number: UInt64, byteCount: Int) {
        write(byteCountMax: 2 * FieldWriter.varintByteCountMax) {
            $0.fieldPrefix(number, byteCount: byteCount)
        }
    }

    private mutating func write(byteCountMax: Int, _ body: (inout FieldWriter) -> Void) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: byteCountMax) { bytes in
            var writer = FieldWriter(bytes)
            body(&writer)
            return writer.byteCount
        }
    }

    static func varintByteCount(_ value: UInt64) -> Int {
        (63 - (value | 1).leadingZeroBitCount) / 7 + 1
    }

    static func fieldByteCount(_ number: UInt64, byteCount: Int) -> Int {
        varintByteCount(number << 3) + varintByteCount(UInt64(byteCount)) + byteCount
    }
}
