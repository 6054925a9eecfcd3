internal import MarbleArrow
internal import MarbleFlight
internal import MarbleRaft
internal import NIOCore

/// Entries between nodes as an Arrow record batch of the schema
/// `{group: uint64, index: uint64, term: uint64, kind: uint8, payload: large_binary}`.
enum RaftEntryBatch {
    static let schema = ArrowSchema([
        ArrowField("group", .uint64, nullable: false),
        ArrowField("index", .uint64, nullable: false),
        ArrowField("term", .uint64, nullable: false),
        ArrowField("kind", .uint8, nullable: false),
        ArrowField("payload", .largeBinary, nullable: false),
    ])
    private static let bufferCount = 11

    /// The batch's IPC message: `data_header` and `data_body` of a `FlightData`.
    static func encode(
        _ entries: [RaftEntry], group: RaftGroupID
    ) -> (header: ByteBuffer, body: ByteBuffer) {
        let count = entries.count
        let payloadByteCount = entries.reduce(0) { $0 + $1.payload.readableBytes }
        let headerByteCount = RecordBatchHeaderEncoder.byteCount(
            nodeCount: 5, bufferCount: bufferCount)
        var header = ByteBuffer()
        var bodyByteCount = 0
        header.writeWithUnsafeMutableBytes(minimumWritableBytes: headerByteCount) { target in
            var encoder = RecordBatchHeaderEncoder(
                into: target, rowCount: count, nodeCount: 5, bufferCount: bufferCount)
            for width in [8, 8, 8, 1] {
                encoder.appendNode(length: count, nullCount: 0)
                encoder.appendBuffer(byteCount: 0)
                encoder.appendBuffer(byteCount: width * count)
            }
            encoder.appendNode(length: count, nullCount: 0)
            encoder.appendBuffer(byteCount: 0)
            encoder.appendBuffer(byteCount: 8 * (count + 1))
            encoder.appendBuffer(byteCount: payloadByteCount)
            bodyByteCount = encoder.finish()
            return headerByteCount
        }
        var body = ByteBufferAllocator().buffer(capacity: bodyByteCount)
        for _ in entries { body.writeInteger(group, endianness: .little) }
        for entry in entries { body.writeInteger(entry.index, endianness: .little) }
        for entry in entries { body.writeInteger(entry.term, endianness: .little) }
        for entry in entries { body.writeInteger(entry.kind.rawValue) }
        body.writeRepeatingByte(0, count: padding(after: count))
        var offset: Int64 = 0
        body.writeInteger(offset, endianness: .little)
        for entry in entries {
            offset += Int64(entry.payload.readableBytes)
            body.writeInteger(offset, endianness: .little)
        }
        for entry in entries { body.writeImmutableBuffer(entry.payload) }
        body.writeRepeatingByte(0, count: padding(after: payloadByteCount))
        return (header, body)
    }

    private static func padding(after count: Int) -> Int { -count & 7 }

    /// The entries of a received message, whose payloads are slices of `body`.
    static func decode(
        header: ByteBuffer, body: ByteBuffer, group: RaftGroupID
    ) throws(FlightError) -> [RaftEntry] {
        let batch: ArrowRecordBatch
        do throws(ArrowError) {
            let message = try ArrowIPC.decodeMessage(header: ArrowBuffer(header))
            // Payloads are slices of the body, so it has to be as it was sent.
            guard case .recordBatch(let header) = message, header.compression == nil else {
                throw ArrowError(.malformed, "they are no record batch without compression")
            }
            batch = try ArrowIPC.decodeRecordBatch(
                header: header, body: ArrowBuffer(body), schema: schema)
        } catch {
            throw FlightError(
                .invalidArgument, "the entries of a Raft message are malformed: \(error.message)",
                cause: error)
        }
        let count = batch.rowCount
        guard count > 0 else { return [] }
        let columns = batch.columns
        let offsets = columns[4].offsets
        let valuesStart = body.offset(of: columns[4].values)
        var entries: [RaftEntry] = []
        entries.reserveCapacity(count)
        for row in 0..<count {
            let kindCode = columns[3].values.load(UInt8.self, at: row)
            guard columns[0].values.load(UInt64.self, at: row) == group,
                let kind = RaftEntryKind(rawValue: kindCode)
            else {
                throw FlightError(
                    .invalidArgument,
                    "entry \(row) of a Raft message is of kind \(kindCode), or of another group than the message says"
                )
            }
            let start = Int(offsets.load(Int64.self, at: row))
            let end = Int(offsets.load(Int64.self, at: row + 1))
            guard
                let payload = body.getSlice(
                    at: body.readerIndex + valuesStart + start, length: end - start)
            else {
                throw FlightError(
                    .invalidArgument, "a Raft entry's payload lies outside its message")
            }
            entries.append(
                RaftEntry(
                    index: columns[1].values.load(UInt64.self, at: row),
                    term: columns[2].values.load(UInt64.self, at: row), kind: kind,
                    payload: payload))
        }
        return entries
    }
}

extension ByteBuffer {
    /// Where a view that was made of this buffer's readable bytes begins in them.
    fileprivate func offset(of view: ArrowBuffer) -> Int {
        guard view.count > 0 else { return 0 }
        return withUnsafeReadableBytes { own in
            view.withUnsafeBytes { part in
                guard let ownBase = own.baseAddress, let partBase = part.baseAddress else {
                    return 0
                }
                return partBase - ownBase
            }
        }
    }
}
