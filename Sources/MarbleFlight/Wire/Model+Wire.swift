import NIOCore

// The protobuf encodings of the messages that aren't on the hot path (Arrow, `format/Flight.proto`).

extension FlightDescriptor {
    private static let typePath: UInt64 = 1
    private static let typeCommand: UInt64 = 2

    init(decoding message: ByteBuffer) throws(FlightError) {
        var reader = ProtobufReader(message, type: "FlightDescriptor")
        var type: UInt64 = 0
        var command = ByteBuffer()
        var path: [String] = []
        while let field = try reader.nextField() {
            switch field.number {
            case 1: type = try reader.unsigned(field.type)
            case 2: command = try reader.bytes(field.type)
            case 3: path.append(try reader.string(field.type))
            default: try reader.skip(field.type)
            }
        }
        switch type {
        case Self.typePath: self = .path(path)
        case Self.typeCommand: self = .command(command)
        default:
            throw .malformed("FlightDescriptor", "type \(type) is neither PATH (1) nor CMD (2)")
        }
    }

    func encoded() -> ByteBuffer {
        var writer = ProtobufWriter()
        switch self {
        case .path(let path):
            writer.unsigned(1, Self.typePath)
            for part in path { writer.element(3, part) }
        case .command(let command):
            writer.unsigned(1, Self.typeCommand)
            writer.bytes(2, command)
        }
        return writer.buffer
    }
}

extension FlightTimestamp {
    init(decoding message: ByteBuffer) throws(FlightError) {
        self.init(seconds: 0)
        var reader = ProtobufReader(message, type: "Timestamp")
        while let field = try reader.nextField() {
            switch field.number {
            case 1: seconds = try reader.signed(field.type)
            case 2: nanoseconds = Int32(truncatingIfNeeded: try reader.signed(field.type))
            default: try reader.skip(field.type)
            }
        }
    }

    func encoded() -> ByteBuffer {
        var writer = ProtobufWriter()
        writer.signed(1, seconds)
        writer.signed(2, Int64(nanoseconds))
        return writer.buffer
    }
}

extension FlightTicket {
    init(decoding message: ByteBuffer) throws(FlightError) {
        self.init(try FlightData(decoding: message, as: .singleField).appMetadata)
    }

    func encoded() -> ByteBuffer {
        var writer = ProtobufWriter()
        writer.bytes(1, bytes)
        return writer.buffer
    }
}

extension FlightEndpoint {
    init(decoding message: ByteBuffer) throws(FlightError) {
        self.init(ticket: FlightTicket(ByteBuffer()))
        var reader = ProtobufReader(message, type: "FlightEndpoint")
        while let field = try reader.nextField() {
            switch field.number {
            case 1: ticket = try FlightTicket(decoding: reader.bytes(field.type))
            case 2: locations.append(try Self.location(reader.bytes(field.type)))
            case 3: expiration = try FlightTimestamp(decoding: reader.bytes(field.type))
            case 4: appMetadata = try reader.bytes(field.type)
            default: try reader.skip(field.type)
            }
        }
    }

    private static func location(_ message: ByteBuffer) throws(FlightError) -> FlightLocation {
        var location = FlightLocation(uri: "")
        var reader = ProtobufReader(message, type: "Location")
        while let field = try reader.nextField() {
            switch field.number {
            case 1: location.uri = try reader.string(field.type)
            default: try reader.skip(field.type)
            }
        }
        return location
    }

    func encoded() -> ByteBuffer {
        var writer = ProtobufWriter()
        writer.message(1, ticket.encoded())
        for location in locations {
            var inner = ProtobufWriter()
            inner.string(1, location.uri)
            writer.message(2, inner.buffer)
        }
        if let expiration { writer.message(3, expiration.encoded()) }
        writer.bytes(4, appMetadata)
        return writer.buffer
    }
}

extension FlightInfo {
    init(decoding message: ByteBuffer) throws(FlightError) {
        self.init(totalRecords: 0, totalBytes: 0)
        var reader = ProtobufReader(message, type: "FlightInfo")
        while let field = try reader.nextField() {
            switch field.number {
            case 1: schema = try reader.bytes(field.type)
            case 2: descriptor = try FlightDescriptor(decoding: reader.bytes(field.type))
            case 3: endpoints.append(try FlightEndpoint(decoding: reader.bytes(field.type)))
            case 4: totalRecords = try reader.signed(field.type)
            case 5: totalBytes = try reader.signed(field.type)
            case 6: isOrdered = try reader.unsigned(field.type) != 0
            case 7: appMetadata = try reader.bytes(field.type)
            default: try reader.skip(field.type)
            }
        }
    }

    func encoded() -> ByteBuffer {
        var writer = ProtobufWriter()
        writer.bytes(1, schema)
        if let descriptor { writer.message(2, descriptor.encoded()) }
        for endpoint in endpoints { writer.message(3, endpoint.encoded()) }
        writer.signed(4, totalRecords)
        writer.signed(5, totalBytes)
        writer.unsigned(6, isOrdered ? 1 : 0)
        writer.bytes(7, appMetadata)
        return writer.buffer
    }
}

extension FlightPollInfo {
    init(decoding message: ByteBuffer) throws(FlightError) {
        self.init()
        var reader = ProtobufReader(message, type: "PollInfo")
        while let field = try reader.nextField() {
            switch field.number {
            case 1: info = try FlightInfo(decoding: reader.bytes(field.type))
            case 2: descriptor = try FlightDescriptor(decoding: reader.bytes(field.type))
            case 3: progress = try reader.double(field.type)
            case 4: expiration = try FlightTimestamp(decoding: reader.bytes(field.type))
            default: try reader.skip(field.type)
            }
        }
    }

    func encoded() -> ByteBuffer {
        var writer = ProtobufWriter()
        if let info { writer.message(1, info.encoded()) }
        if let descriptor { writer.message(2, descriptor.encoded()) }
        if let progress { writer.double(3, progress) }
        if let expiration { writer.message(4, expiration.encoded()) }
        return writer.buffer
    }
}

extension FlightActionType {
    init(decoding message: ByteBuffer) throws(FlightError) {
        self.init(type: "", description: "")
        var reader = ProtobufReader(message, type: "ActionType")
        while let field = try reader.nextField() {
            switch field.number {
            case 1: type = try reader.string(field.type)
            case 2: description = try reader.string(field.type)
            default: try reader.skip(field.type)
            }
        }
    }

    func encoded() -> ByteBuffer {
        var writer = ProtobufWriter()
        writer.string(1, type)
        writer.string(2, description)
        return writer.buffer
    }
}

/// `HandshakeRequest` and `HandshakeResponse`, which have the same fields.
struct HandshakeMessage {
    var protocolVersion: UInt64 = 0
    var payload = ByteBuffer()

    init(protocolVersion: UInt64, payload: ByteBuffer) {
        self.protocolVersion = protocolVersion
        self.payload = payload
    }

    init(decoding message: ByteBuffer) throws(FlightError) {
        var reader = ProtobufReader(message, type: "Handshake")
        while let field = try reader.nextField() {
            switch field.number {
            case 1: protocolVersion = try reader.unsigned(field.type)
            case 2: payload = try reader.bytes(field.type)
            default: try reader.skip(field.type)
            }
        }
    }

    func encoded() -> ByteBuffer {
        var writer = ProtobufWriter()
        writer.unsigned(1, protocolVersion)
        writer.bytes(2, payload)
        return writer.buffer
    }
}
