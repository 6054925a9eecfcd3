package import NIOCore

/// Reads the fields of one protobuf message in a buffer; values of length-delimited fields are slices.
///
/// Source: protobuf.dev, "Encoding". Every length is checked against what is there before it is used.
package struct ProtobufReader {
    private let message: ByteBuffer
    private var position = 0
    private let type: StaticString

    /// - Parameter type: The message's name, for errors.
    package init(_ message: ByteBuffer, type: StaticString) {
        self.message = message
        self.type = type
    }

    private mutating func read<Value>(
        _ body: (inout FieldReader) throws(FlightError) -> Value
    ) throws(FlightError) -> Value {
        let (value, end) = try message.withUnsafeReadableBytes {
            (bytes) throws(FlightError) -> (Value, Int) in
            var reader = FieldReader(bytes, position..<bytes.count, type: type)
            return (try body(&reader), reader.position)
        }
        position = end
        return value
    }

    /// The next field's number and type, or `nil` at the end.
    package mutating func nextField() throws(FlightError) -> (
        number: UInt64, type: ProtobufWireType
    )? {
        try read { (reader) throws(FlightError) in try reader.nextField() }
    }

    package mutating func varint() throws(FlightError) -> UInt64 {
        try read { (reader) throws(FlightError) in try reader.varint() }
    }

    package mutating func bytes(_ field: ProtobufWireType) throws(FlightError) -> ByteBuffer {
        let range = try read { (reader) throws(FlightError) in try reader.range(field) }
        return message.slice(range)
    }

    package mutating func string(_ field: ProtobufWireType) throws(FlightError) -> String {
        let slice = try bytes(field)
        guard let text = String(validating: slice.readableBytesView, as: UTF8.self) else {
            throw .malformed(type, "a text is not UTF-8")
        }
        return text
    }

    package mutating func unsigned(_ field: ProtobufWireType) throws(FlightError) -> UInt64 {
        guard field == .varint else {
            throw .malformed(type, "a field has wire type \(field) instead of varint")
        }
        return try varint()
    }

    package mutating func signed(_ field: ProtobufWireType) throws(FlightError) -> Int64 {
        Int64(bitPattern: try unsigned(field))
    }

    package mutating func double(_ field: ProtobufWireType) throws(FlightError) -> Double {
        try read { (reader) throws(FlightError) in try reader.double(field) }
    }

    /// Steps over a field that this version doesn't know.
    package mutating func skip(_ field: ProtobufWireType) throws(FlightError) {
        try read { (reader) throws(FlightError) in try reader.skip(field) }
    }
}

extension ByteBuffer {
    /// A part of what is readable, by its place in that.
    func slice(_ range: Range<Int>) -> ByteBuffer {
        getSlice(at: readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}
