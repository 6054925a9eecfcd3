import Testing

@testable import MarbleArrow

@Suite struct ArrowIPCTests {
    @Test func `batches of any size survive the way through a message`() throws {
        for rowCount in [0, 1, 2, 7, 8, 9, 63, 64, 65, 500] {
            for nullDistance in [0, 1, 3] {
                let batch = Samples.every(rowCount: rowCount, nullDistance: nullDistance)
                #expect(try ArrowIPC.roundTrip(batch) == batch)
            }
        }
        let batch = Samples.every(rowCount: 100)
        for offset in [0, 1, 8, 13] {
            let slice = batch.slice(offset: offset, length: 50)
            #expect(try ArrowIPC.roundTrip(slice) == slice)
        }
    }

    @Test(arguments: [ArrowCompression.lz4, .zstd])
    func `batches of every type survive compression`(compression: ArrowCompression) throws {
        let batch = Samples.every(rowCount: 500)
        #expect(try ArrowIPC.roundTrip(batch, compression: compression) == batch)
        let slice = batch.slice(offset: 13, length: 70)
        #expect(try ArrowIPC.roundTrip(slice, compression: compression) == slice)
    }

    @Test
    func `a dictionary is sent again only if it has changed, and what was added if it has grown`()
        throws
    {
        let schema = ArrowSchema([ArrowField("word", .dictionary(of: .utf8))])
        func batch(_ words: String...) throws -> ArrowRecordBatch {
            let builder = ArrowColumnBuilder(.dictionary(of: .utf8))
            for word in words { builder.append(word) }
            return try ArrowRecordBatch(schema: schema, columns: [builder.finish()])
        }
        var encoder = ArrowBatchEncoder(schema: schema)
        func sent(_ batch: ArrowRecordBatch) throws -> [String] {
            try encoder.encode(batch).map { encoded in
                switch try ArrowIPC.decodeMessage(header: ArrowBuffer(encoded.header)) {
                case .schema: "schema"
                case .recordBatch: "rows"
                case .dictionaryBatch(let header):
                    "\(header.isDelta ? "delta" : "values") \(header.values.rowCount)"
                }
            }
        }
        #expect(try sent(batch("a", "b", "a")) == ["values 2", "rows"])
        #expect(try sent(batch("a", "b", "b")) == ["rows"])
        #expect(try sent(batch("a", "b", "c", "d")) == ["delta 2", "rows"])
        #expect(try sent(batch("c", "a")) == ["values 2", "rows"])
        #expect(try sent(batch()) == ["values 0", "rows"])
    }

    @Test func `a decoded column is a view of the body`() throws {
        let batch = Samples.batch(rowCount: 20)
        let encoded = ArrowIPC.encodeRecordBatch(batch)
        let body = ArrowBuffer(encoded.body)
        let read = try ArrowIPC.decodeRecordBatch(
            header: ArrowBuffer(encoded.header), body: body, schema: batch.schema)
        for column in read.columns {
            #expect(column.values.base >= body.base)
            #expect(column.values.base + column.values.count <= body.base + body.count)
        }
    }

    @Test func `a batch at an odd address is read like any other`() throws {
        let batch = Samples.batch(rowCount: 20)
        let encoded = ArrowIPC.encodeRecordBatch(batch)
        let header = ArrowBuffer([0] + encoded.header)
        let body = ArrowBuffer([0, 0, 0] + encoded.body)
        let read = try ArrowIPC.decodeRecordBatch(
            header: header.slice(offset: 1, count: header.count - 1),
            body: body.slice(offset: 3, count: body.count - 3), schema: batch.schema)
        #expect(read == batch)
    }

    @Test func `each buffer begins at a multiple of eight, and the body ends at one`() throws {
        let encoded = ArrowIPC.encodeRecordBatch(Samples.batch(rowCount: 13))
        guard
            case .recordBatch(let header) = try ArrowIPC.decodeMessage(
                header: ArrowBuffer(encoded.header))
        else {
            Issue.record("not a record batch")
            return
        }
        #expect(header.rowCount == 13)
        #expect(header.bodyByteCount == encoded.bodyByteCount)
        #expect(encoded.body.count == encoded.bodyByteCount)
        #expect(encoded.bodyByteCount.isMultiple(of: 8) && encoded.header.count.isMultiple(of: 8))
        for index in 0..<header.bufferCount {
            #expect(header.buffer(index).offset.isMultiple(of: 8))
        }
    }

    @Test func `a batch of another schema is refused`() throws {
        let encoded = ArrowIPC.encodeRecordBatch(Samples.batch(rowCount: 3))
        for schema in [ArrowSchema([]), ArrowSchema([ArrowField("a", .int64)])] {
            let error = #expect(throws: ArrowError.self) {
                try ArrowIPC.decodeRecordBatch(
                    header: ArrowBuffer(encoded.header), body: ArrowBuffer(encoded.body),
                    schema: schema)
            }
            #expect(error?.code == .malformed)
        }
    }

    @Test func `a schema is no record batch, and old or foreign messages are told so`() throws {
        var message = ArrowIPC.encodeSchema(ArrowSchema([ArrowField("a", .int64)]))
        #expect(throws: ArrowError.self) {
            try ArrowIPC.decodeRecordBatch(
                header: ArrowBuffer(message), body: .empty, schema: ArrowSchema([]))
        }
        var encoded = ArrowIPC.encodeRecordBatch(Samples.batch(rowCount: 1)).header
        encoded[20] = 2
        let old = #expect(throws: ArrowError.self) {
            try ArrowIPC.decodeMessage(header: ArrowBuffer(encoded))
        }
        #expect(old?.code == .unsupportedFeature && old?.message.contains("V3") == true)
        encoded[20] = 4
        encoded[22] = 4
        let tensor = #expect(throws: ArrowError.self) {
            try ArrowIPC.decodeMessage(header: ArrowBuffer(encoded))
        }
        #expect(tensor?.code == .unsupportedFeature && tensor?.message.contains("tensor") == true)
        message = []
        #expect(throws: ArrowError.self) {
            try ArrowIPC.decodeMessage(header: ArrowBuffer(message))
        }
    }

    @Test func `the header encoder writes what the general reader reads`() throws {
        let byteCount = RecordBatchHeaderEncoder.byteCount(nodeCount: 2, bufferCount: 5)
        var header = [UInt8](repeating: 0xAA, count: byteCount)
        var offsets: [Int] = []
        let bodyByteCount = header.withUnsafeMutableBytes { target in
            var encoder = RecordBatchHeaderEncoder(
                into: target, rowCount: 1, nodeCount: 2, bufferCount: 5)
            encoder.appendNode(length: 1, nullCount: 0)
            offsets.append(encoder.appendBuffer(byteCount: 0))
            offsets.append(encoder.appendBuffer(byteCount: 8))
            encoder.appendNode(length: 1, nullCount: 0)
            offsets.append(encoder.appendBuffer(byteCount: 0))
            offsets.append(encoder.appendBuffer(byteCount: 8))
            offsets.append(encoder.appendBuffer(byteCount: 3))
            return encoder.finish()
        }
        #expect(offsets == [0, 0, 8, 8, 16])
        #expect(bodyByteCount == 24)
        let body: [UInt8] =
            [7, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0, 3, 0, 0, 0] + [97, 98, 99, 0, 0, 0, 0, 0]
        let batch = try ArrowIPC.decodeRecordBatch(
            header: ArrowBuffer(header), body: ArrowBuffer(body),
            schema: ArrowSchema([ArrowField("n", .uint64), ArrowField("t", .utf8)]))
        #expect(batch.columns[0].uint64(at: 0) == 7)
        #expect(batch.columns[1].string(at: 0) == "abc")
    }
}
