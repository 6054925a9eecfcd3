package import NIOCore

/// Reads the fields of one protobuf message; values of length-delimited fields are slices.
///
/// Source: protobuf.dev, "Encoding". Every length is checked against what is there before it is used.
package struct ProtobufReader {
    package enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case fixed32 = 5
    }

    private(set) var remaining: ByteBuffer
    private let type: StaticString

    /// - Parameter type: The message's name, for errors.
    package init(_ message: ByteBuffer, type: StaticString) {
        self.remaining = message
        self.type = type
    }

    /// The next field's number and type, or `nil` at the end.
    package mutating func nextField() throws(FlightError) -> (number: UInt64, type: WireType)? {
        guard remaining.readableBytes > 0 else { return nil }
        let key = try varint()
        guard let wireType = WireType(rawValue: key & 7), key >> 3 != 0 else {
            throw .malformed(type, "field key \(key) is not valid")
        }
        return (key >> 3, wireType)
    }

    package mutating func varint() throws(FlightError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            guard let byte: UInt8 = remaining.readInteger() else {
                throw .malformed(type, "it ends inside a number")
            }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw .malformed(type, "a number is longer than ten bytes")
    }

    package mutating func bytes(_ field: WireType) throws(FlightError) -> ByteBuffer {
        guard field == .bytes else {
            throw .malformed(type, "a field has wire type \(field) instead of bytes")
        }
        let length = try varint()
        guard length <= UInt64(remaining.readableBytes),
            let slice = remaining.readSlice(length: Int(length))
        else {
            throw .malformed(
                type, "a field claims \(length) bytes where \(remaining.readableBytes) are left")
        }
        return slice
    }

    package mutating func string(_ field: WireType) throws(FlightError) -> String {
        let slice = try bytes(field)
        guard let text = String(validating: slice.readableBytesView, as: UTF8.self) else {
            throw .malformed(type, "a text is not UTF-8")
        }
        return text
    }

    package mutating func unsigned(_ field: WireType) throws(FlightError) -> UInt64 {
        guard field == .varint else {
            throw .malformed(type, "a field has wire type \(field) instead of varint")
        }
        return try varint()
    }

    package mutating func signed(_ field: WireType) throws(FlightError) -> Int64 {
        Int64(bitPattern: try unsigned(field))
    }

    package mutating func double(_ field: WireType) throws(FlightError) -> Double {
        guard field == .fixed64, let bits: UInt64 = remaining.readInteger(endianness: .little)
        else {
            throw .malformed(type, "a field is not a double")
        }
        return Double(bitPattern: bits)
    }

    /// Steps over a field that this version doesn't know.
    package mutating func skip(_ field: WireType) throws(FlightError) {
        switch field {
        case .varint: _ = try varint()
        case .bytes: _ = try bytes(field)
        case .fixed64: try skip(byteCount: 8)
        case .fixed32: try skip(byteCount: 4)
        }
    }

    private mutating func skip(byteCount: Int) throws(FlightError) {
        guard remaining.readSlice(length: byteCount) != nil else {
            throw .malformed(type, "it ends inside a field")
        }
    }
}
