/// How a field's value is written (protobuf.dev, "Encoding").
package enum ProtobufWireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case bytes = 2
    case fixed32 = 5
}

/// Reads the fields of one protobuf message in memory; of a length-delimited value it says where it is.
///
/// Source: protobuf.dev, "Encoding". Every length is checked against what is there before it is used.
struct FieldReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position: Int
    private let end: Int
    private let type: StaticString

    /// - Parameters:
    ///   - range: Where in the bytes the message is.
    ///   - type: The message's name, for errors.
    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, type: StaticString) {
        self.bytes = bytes
        position = range.lowerBound
        end = min(range.upperBound, bytes.count)
        self.type = type
    }

    private var remainingByteCount: Int { end - position }

    /// The next field's number and type, or `nil` at the end.
    mutating func nextField() throws(FlightError) -> (
        number: UInt64, type: ProtobufWireType
    )? {
        guard position < end else { return nil }
        let key = try varint()
        guard let wireType = ProtobufWireType(rawValue: key & 7), key >> 3 != 0 else {
            throw .malformed(type, "field key \(key) is not valid")
        }
        return (key >> 3, wireType)
    }

    mutating func varint() throws(FlightError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            guard position < end else { throw .malformed(type, "it ends inside a number") }
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw .malformed(type, "a number is longer than ten bytes")
    }

    /// Where a length-delimited field's value is.
    mutating func range(
        _ field: ProtobufWireType
    ) throws(FlightError) -> Range<Int> {
        guard field == .bytes else {
            throw .malformed(type, "a field has wire type \(field) instead of bytes")
        }
        let length = try varint()
        guard length <= UInt64(remainingByteCount) else {
            throw .malformed(
                type, "a field claims \(length) bytes where \(remainingByteCount) are left")
        }
        let start = position
        position += Int(length)
        return start..<position
    }

    mutating func double(_ field: ProtobufWireType) throws(FlightError) -> Double {
        guard field == .fixed64, remainingByteCount >= 8 else {
            throw .malformed(type, "a field is not a double")
        }
        let bits = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        position += 8
        return Double(bitPattern: UInt64(littleEndian: bits))
    }

    /// Steps over a field that this version doesn't know.
    mutating func skip(_ field: ProtobufWireType) throws(FlightError) {
        switch field {
        case .varint: _ = try varint()
        case .bytes: _ = try range(field)
        case .fixed64: try skip(byteCount: 8)
        case .fixed32: try skip(byteCount: 4)
        }
    }

    private mutating func skip(byteCount: Int) throws(FlightError) {
        guard remainingByteCount >= byteCount else {
            throw .malformed(type, "it ends inside a field")
        }
        position += byteCount
    }
}
