package import NIOCore

extension FlightData {
    /// The message in its protobuf encoding, for carrying it inside another one.
    package func serialized() -> ByteBuffer {
        var writer = ProtobufWriter()
        forEachField(of: .flightData) { number, value in writer.message(number, value) }
        return writer.buffer
    }

    /// Reads a message's protobuf encoding; its fields are slices of `bytes`.
    package init(serialized bytes: ByteBuffer) throws(FlightError) {
        try self.init(decoding: bytes, as: .flightData)
    }
}
