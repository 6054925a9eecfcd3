@testable import MarbleArrow

/// A record batch of a schema that the receiver knows, as Raft entries and the writes of a stream
/// come: metadata that is right, and buffers of any size with any bytes.
///
/// The first bytes choose types, row count and null counts; a number of two bytes before each
/// buffer says how many of the following bytes it has.
enum ArrowBatchTarget {
    private static let types: [ArrowType] = [
        .bool, .int8, .uint16, .int32, .uint64, .float16, .float64, .utf8, .binary, .largeUtf8,
        .largeBinary, .fixedSizeBinary(byteWidth: 3), .date32, .date64, .time32(.millisecond),
        .time64(.nanosecond), .timestamp(.microsecond, timezone: "UTC"),
        .decimal128(precision: 38, scale: 2),
    ]

    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        var input = FuzzInput(bytes)
        return run(&input, codec: nil)
    }

    /// The same with buffers that are compressed, as the first byte says by which codec.
    static func runCompressed(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        var input = FuzzInput(bytes)
        let codec: ArrowCompressionCodec = input.bool() ? .zstd : .lz4Frame
        return run(&input, codec: codec)
    }

    private static func run(
        _ input: inout FuzzInput, codec: ArrowCompressionCodec?
    ) -> FuzzTarget.Outcome {
        let fields = (0..<Int(input.byte() % 4)).map { position in
            let choice = input.byte()
            return ArrowField(
                "c\(position)", types[Int(choice & 0x7F) % types.count], nullable: choice < 0x80)
        }
        let schema = ArrowSchema(fields)
        let rowCount = Int(input.number(UInt16.self))
        let (header, body) = encode(fields, rowCount: rowCount, &input)
        do throws(ArrowError) {
            let batch = try ArrowIPC.decodeRecordBatch(
                header: ArrowBuffer(compressed(header, codec)), body: ArrowBuffer(body),
                schema: schema)
            ArrowChecks.check(schema, [batch])
            return .accepted
        } catch {
            return .refused
        }
    }

    /// The same metadata, which says besides that the buffers are compressed.
    private static func compressed(
        _ header: [UInt8], _ codec: ArrowCompressionCodec?
    ) throws(ArrowError) -> [UInt8] {
        guard let codec,
            case .recordBatch(let batch) = try ArrowIPC.decodeMessage(header: ArrowBuffer(header))
        else { return header }
        let buffers = (0..<batch.bufferCount).map { position in
            let (offset, byteCount) = batch.buffer(position)
            return (Int(offset), Int(byteCount))
        }
        return RecordBatchMetadata(
            header: batch, buffers: buffers, bodyByteCount: batch.bodyByteCount, codec: codec
        ).encode()
    }

    private static func encode(
        _ fields: [ArrowField], rowCount: Int, _ input: inout FuzzInput
    ) -> (header: [UInt8], body: [UInt8]) {
        let bufferCount = fields.reduce(0) { $0 + Self.bufferCount($1.type) }
        let headerByteCount = RecordBatchHeaderEncoder.byteCount(
            nodeCount: fields.count, bufferCount: bufferCount)
        var body: [UInt8] = []
        let header = [UInt8](unsafeUninitializedCapacity: headerByteCount) { target, count in
            var encoder = RecordBatchHeaderEncoder(
                into: UnsafeMutableRawBufferPointer(target), rowCount: rowCount,
                nodeCount: fields.count, bufferCount: bufferCount)
            for field in fields {
                let nullCount = Int(Int8(bitPattern: input.byte()))
                encoder.appendNode(length: rowCount, nullCount: nullCount)
                for _ in 0..<Self.bufferCount(field.type) {
                    let bytes = input.take(Int(input.number(UInt16.self)))
                    encoder.appendBuffer(byteCount: bytes.count)
                    body.append(contentsOf: bytes)
                    while body.count % 8 != 0 { body.append(0) }
                }
            }
            _ = encoder.finish()
            count = headerByteCount
        }
        return (header, body)
    }

    private static func bufferCount(_ type: ArrowType) -> Int {
        type.isVariableLength ? 3 : 2
    }
}
