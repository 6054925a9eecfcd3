import Testing

@testable import MarbleArrow

@Suite struct ArrowStreamTests {
    private func stream(_ batches: [ArrowRecordBatch]) throws -> [UInt8] {
        var writer = ArrowStreamWriter(schema: Samples.everySchema)
        for batch in batches { try writer.write(batch) }
        writer.finish()
        return writer.takeBytes().bytes
    }

    /// Feeds a stream in pieces and returns what came out of it; `isEnded` if its end did too.
    private func read(
        _ bytes: [UInt8], pieces: (Int) -> Int
    ) throws -> (schema: ArrowSchema?, batches: [ArrowRecordBatch], isEnded: Bool) {
        var reader = ArrowStreamReader()
        var batches: [ArrowRecordBatch] = []
        var isEnded = false
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + pieces(position))
            reader.append(ArrowBuffer(Array(bytes[position..<end])))
            position = end
            while let event = try reader.next() {
                switch event {
                case .schema: #expect(batches.isEmpty)
                case .recordBatch(let batch): batches.append(batch)
                case .end: isEnded = true
                }
            }
        }
        return (reader.schema, batches, isEnded)
    }

    @Test func `a long stream isn't copied with every batch`() throws {
        let batch = Samples.every(rowCount: 8)
        var writer = ArrowMessageWriter(schema: Samples.everySchema, compression: .none)
        var capacities: Set<Int> = []
        for _ in 0..<100 {
            for message in try writer.messages(of: batch) { writer.append(message) }
            capacities.insert(writer.output.small.capacity)
        }
        #expect(writer.output.byteCount > 1 << 16)
        #expect(capacities.count < 15)
    }

    @Test func `large buffers are copied when they are taken, in their place`() throws {
        let schema = Samples.schema(of: [.int64, .utf8])
        let batches = [10_000, 3, 9_000].map { Samples.batch(rowCount: $0, schema: schema) }
        var writer = ArrowStreamWriter(schema: schema)
        var messages = ArrowMessageWriter(schema: schema, compression: .none)
        for batch in batches {
            try writer.write(batch)
            for message in try messages.messages(of: batch) { messages.append(message) }
        }
        let kept = messages.output.byteCount - messages.output.small.count
        #expect(kept >= 2 * ArrowOutputQueue.keptByteCountMin, "a column of two batches")
        writer.finish()
        let seen = try read(writer.takeBytes().bytes, pieces: { _ in Int.max / 2 })
        #expect(seen.batches == batches)
        #expect(seen.isEnded)
    }

    @Test func `a copy of a writer goes on by itself`() throws {
        var writer = ArrowStreamWriter(schema: Samples.everySchema)
        var copy = writer
        try writer.write(Samples.every(rowCount: 5))
        try copy.write(Samples.every(rowCount: 7))
        let taken = writer.takeBytes()
        var another = writer
        try writer.write(Samples.every(rowCount: 9))
        another.finish()
        let seen = try read(taken.bytes + another.takeBytes().bytes, pieces: { _ in 4096 })
        #expect(seen.batches == [Samples.every(rowCount: 5)])
        let copied = try read(copy.takeBytes().bytes, pieces: { _ in 4096 })
        #expect(copied.batches == [Samples.every(rowCount: 7)])
        #expect(writer.takeBytes().count > 8)
    }

    @Test func `a stream divided anywhere is read the same`() throws {
        let batches = [
            Samples.every(rowCount: 50), Samples.every(rowCount: 0), Samples.every(rowCount: 200),
        ]
        let bytes = try stream(batches)
        var random = FixedRandom(state: 6)
        for pieces: (Int) -> Int in [
            { _ in 1 }, { _ in 7 }, { _ in 1023 }, { _ in 5000 }, { _ in Int.max / 2 },
            { _ in Int.random(in: 1...4000, using: &random) },
        ] {
            let seen = try read(bytes, pieces: pieces)
            #expect(seen.schema == Samples.everySchema)
            #expect(seen.batches == batches)
            #expect(seen.isEnded)
        }
    }

    @Test func `a stream may break off between messages only`() throws {
        let bytes = try stream([Samples.every(rowCount: 3)])
        let schemaEnd = ArrowIPC.encodeEncapsulatedSchema(Samples.everySchema).count
        for (count, isBoundary) in [
            (0, false), (3, false), (schemaEnd - 1, false), (schemaEnd, true),
            (schemaEnd + 1, false), (bytes.count - 9, false), (bytes.count - 8, true),
            (bytes.count - 1, false), (bytes.count, true),
        ] {
            var reader = ArrowStreamReader()
            reader.append(ArrowBuffer(Array(bytes[..<count])))
            while try reader.next() != nil {}
            #expect(reader.isAtMessageBoundary == isBoundary, "\(count) of \(bytes.count)")
        }
    }

    @Test func `what follows the end is not looked at`() throws {
        let seen = try read(try stream([]) + [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], pieces: { _ in 4 })
        #expect(seen.isEnded && seen.batches.isEmpty)
    }

    @Test func `a second schema, a batch without one, and other bytes are refused`() throws {
        let schema = ArrowIPC.encodeEncapsulatedSchema(Samples.everySchema)
        let bytes = try stream([Samples.every(rowCount: 3)])
        for wrong in [
            schema + schema, Array(bytes[schema.count...]), Array("GET / HTTP/1.1\r\n".utf8),
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
        ] {
            let error = #expect(throws: ArrowError.self) { try read(wrong, pieces: { _ in 64 }) }
            #expect(error?.code == .malformed)
        }
    }

    @Test func `a body above the limit is refused before it arrives`() throws {
        let bytes = try stream([Samples.every(rowCount: 500)])
        var reader = ArrowStreamReader(bodyByteCountMax: 1000)
        reader.append(ArrowBuffer(Array(bytes[..<(bytes.count - 10_000)])))
        let error = #expect(throws: ArrowError.self) { while try reader.next() != nil {} }
        #expect(error?.code == .limitExceeded)
    }

    @Test func `a batch of another schema isn't written`() throws {
        var writer = ArrowStreamWriter(schema: Samples.everySchema)
        #expect(throws: ArrowError.self) {
            try writer.write(Samples.every(rowCount: 1).select([0, 1]))
        }
    }

    @Test func `a body that arrived in one piece is not copied`() throws {
        let bytes = ArrowBuffer(try stream([Samples.every(rowCount: 500)]))
        var reader = ArrowStreamReader()
        reader.append(bytes)
        while let event = try reader.next() {
            guard case .recordBatch(let batch) = event else { continue }
            let isInside = bytes.withUnsafeBytes { whole in
                batch.columns[4].values.withUnsafeBytes { values in
                    guard let start = values.baseAddress, let base = whole.baseAddress else {
                        return false
                    }
                    return start >= base && start < base + whole.count
                }
            }
            #expect(isInside)
        }
    }
}
