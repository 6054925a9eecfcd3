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
        self.init()
        switch kind {
        case .flightData: try decodeFlightData(message)
        case .singleField: try decodeSingleField(message)
        case .action: try decodeAction(message)
        case .whole: metadata = message
        }
    }

    private mutating func decodeFlightData(_ message: ByteBuffer) throws(FlightError) {
        var reader = ProtobufReader(message, type: "FlightData")
        while let field = try reader.nextField() {
            switch field.number {
            case FlightDataField.descriptor:
                descriptor = try FlightDescriptor(decoding: reader.bytes(field.type))
            case FlightDataField.dataHeader: header = try reader.bytes(field.type)
            case FlightDataField.appMetadata: metadata = try reader.bytes(field.type)
            case FlightDataField.dataBody: body = try reader.bytes(field.type)
            default: try reader.skip(field.type)
            }
        }
    }

    private mutating func decodeSingleField(_ message: ByteBuffer) throws(FlightError) {
        var reader = ProtobufReader(message, type: "Flight")
        while let field = try reader.nextField() {
            if field.number == 1 {
                metadata = try reader.bytes(field.type)
            } else {
                try reader.skip(field.type)
            }
        }
    }

    private mutating func decodeAction(_ message: ByteBuffer) throws(FlightError) {
        var reader = ProtobufReader(message, type: "Action")
        while let field = try reader.nextField() {
            switch field.number {
            case 1: header = try reader.bytes(field.type)
            case 2: metadata = try reader.bytes(field.type)
            default: try reader.skip(field.type)
            }
        }
    }
}
