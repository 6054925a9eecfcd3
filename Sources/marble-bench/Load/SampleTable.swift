import MarbleArrow
import MarbleFlight
import NIOCore

/// Messages of a table, encoded once for a whole load.
struct SampleTable: Sendable {
    /// One binary column.
    static let binary = SampleTable(
        schema: ArrowSchema([ArrowField("value", .binary, nullable: false)]))
    /// An integer and a number a row.
    static let numbers = SampleTable(
        schema: ArrowSchema([
            ArrowField("id", .int64, nullable: false), ArrowField("value", .float64),
        ]))

    private let schema: ArrowSchema

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
        return message(builder.finish())
    }

    /// A record batch of `numbers` whose values have about so many bytes.
    func numbers(byteCount: Int) -> FlightData {
        let rowCount = max(byteCount / 16, 1)
        var builder = ArrowRecordBatchBuilder(schema: schema, expectedRowCount: rowCount)
        for row in 0..<rowCount {
            builder.columns[0].append(Int64(row))
            builder.columns[1].append(Double(row) / 8)
        }
        return message(builder.finish())
    }

    private func message(_ batch: ArrowRecordBatch) -> FlightData {
        let encoded = ArrowIPC.encodeRecordBatch(batch)
        var body = ByteBufferAllocator().buffer(capacity: encoded.bodyByteCount)
        for segment in encoded.segments {
            segment.withUnsafeBytes { _ = body.writeBytes($0) }
        }
        return FlightData(dataHeader: ByteBuffer(bytes: encoded.header), dataBody: body)
    }
}
