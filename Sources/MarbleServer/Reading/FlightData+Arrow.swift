internal import MarbleArrow
internal import MarbleFlight
internal import NIOCore

/// Arrow values as the messages that a `do_get` sends.
extension FlightData {
    init(schema: ArrowSchema) {
        self.init(dataHeader: ByteBuffer(bytes: ArrowIPC.encodeSchema(schema)))
    }

    /// The batch's buffers are copied once, behind each other, into the message's body.
    init(batch: ArrowRecordBatch) {
        let encoded = ArrowIPC.encodeRecordBatch(batch)
        var body = ByteBufferAllocator().buffer(capacity: encoded.bodyByteCount)
        for segment in encoded.segments {
            segment.withUnsafeBytes { _ = body.writeBytes($0) }
        }
        self.init(dataHeader: ByteBuffer(bytes: encoded.header), dataBody: body)
    }
}

extension ByteBuffer {
    /// A schema as the encapsulated message that `FlightInfo` and `SchemaResult` hold.
    init(encapsulating schema: ArrowSchema) {
        self.init(bytes: ArrowIPC.encodeEncapsulatedSchema(schema))
    }
}
