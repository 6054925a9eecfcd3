import NIOCore

/// Field numbers of `FlightData`, shared by reader and writer.
enum FlightDataField {
    static let descriptor: UInt64 = 1
    static let dataHeader: UInt64 = 2
    static let appMetadata: UInt64 = 3
    static let dataBody: UInt64 = 1000
}

extension FlightData {
    /// Reads a message of the given kind; its fields are slices of `message`.
    init(decoding message: ByteBuffer, as kind: FlightMessageKind) throws(FlightError) {
        self = try message.withUnsafeReadableBytes { (bytes) throws(FlightError) in
            try FlightData(decoding: message, bytes, 0..<bytes.count, as: kind)
        }
    }

    /// Reads a message that is a part of a buffer; its fields are slices of that.
    ///
    /// - Parameter bytes: What is readable in the buffer.
    init(
        decoding buffer: ByteBuffer, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>,
        as kind: FlightMessageKind
    ) throws(FlightError) {
        self.init()
        switch kind {
        case .flightData:
            var reader = FieldReader(bytes, range, type: "FlightData")
            try decodeFlightData(&reader, buffer)
        case .singleField:
            var reader = FieldReader(bytes, range, type: "Flight")
            try decodeSingleField(&reader, buffer)
        case .action:
            var reader = FieldReader(bytes, range, type: "Action")
            try decodeAction(&reader, buffer)
        case .whole: metadata = buffer.slice(range)
        }
    }

    private mutating func decodeFlightData(
        _ reader: inout FieldReader, _ buffer: ByteBuffer
    ) throws(FlightError) {
        while let field = try reader.nextField() {
            switch field.number {
            case FlightDataField.descriptor:
                descriptor = try FlightDescriptor(
                    decoding: buffer.slice(try reader.range(field.type)))
            case FlightDataField.dataHeader:
                header = buffer.slice(try reader.range(field.type))
            case FlightDataField.appMetadata:
                metadata = buffer.slice(try reader.range(field.type))
            case FlightDataField.dataBody:
                body = buffer.slice(try reader.range(field.type))
            default: try reader.skip(field.type)
            }
        }
    }

    private mutating func decodeSingleField(
        _ reader: inout FieldReader, _ buffer: ByteBuffer
    ) throws(FlightError) {
        while let field = try reader.nextField() {
            if field.number == 1 {
                metadata = buffer.slice(try reader.range(field.type))
            } else {
                try reader.skip(field.type)
            }
        }
    }

    private mutating func decodeAction(
        _ reader: inout FieldReader, _ buffer: ByteBuffer
    ) throws(FlightError) {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: header = buffer.slice(try reader.range(field.type))
            case 2: metadata = buffer.slice(try reader.range(field.type))
            default: try reader.skip(field.type)
            }
        }
    }

    /// Calls for each field that a message has, in the order in which they are written.
    @inline(__always)
    func forEachField(of kind: FlightMessageKind, _ take: (UInt64, ByteBuffer) -> Void) {
        func field(_ number: UInt64, _ value: ByteBuffer?) {
            guard let value, value.readableBytes > 0 else { return }
            take(number, value)
        }
        switch kind {
        case .flightData:
            if let descriptor { take(FlightDataField.descriptor, descriptor.encoded()) }
            field(FlightDataField.dataHeader, header)
            field(FlightDataField.appMetadata, metadata)
            field(FlightDataField.dataBody, body)
        case .singleField: field(1, metadata)
        case .action:
            field(1, header)
            field(2, metadata)
        case .whole: break
        }
    }
}
