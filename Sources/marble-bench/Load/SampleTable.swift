import MarbleArrow
import MarbleFlight
import NIOCore

/// Messages of a table with one binary column, encoded once for a whole load.
struct SampleTable: Sendable {
    private let schema = ArrowSchema([ArrowField("value", .binary, nullable: false)])

    /// The message that begins a stream: its descriptor and the schema.
    func opening(path: String) -> FlightData {
        FlightData(
            descriptor: .path([path]),
            dataHeader: ByteBuffer(bytes: ArrowIPC.encodeSchema(schema)))
    }

    /// A record batch of one row, whose value has so many bytes.
    func oneRow(valueByteCount: Int) -> FlightData {
        var builder = ArrowRecordBatchBuilder(schema: schema, expectedRowCount: 1)
        builder.columns[0].append([UInt8](repeating: UInt8(ascii: "v"), count: valueByteCount))
        let encoded = ArrowIPC.encodeRecordBatch(builder.finish())
        var body = ByteBufferAllocator().buffer(capacity: encoded.bodyByteCount)
        for segment in encoded.segments {
            segment.withUnsafeBytes { _ = body.writeBytes($0) }
        }
        return FlightData(dataHeader: ByteBuffer(bytes: encoded.header), dataBody: body)
    }
}
