import Foundation
import MarbleArrow
import Testing

@Suite struct ArrowCompressionTests {
    static let all: [ArrowCompression] = [
        .lz4, .zstd, .zstd(level: 19), .zstd(level: -5), .zstd(level: 1000),
    ]

    private func header(_ encoded: ArrowEncodedRecordBatch) throws -> RecordBatchHeader {
        let message = try ArrowIPC.decodeMessage(header: ArrowBuffer(encoded.header))
        guard case .recordBatch(let header) = message else {
            throw ArrowError(.malformed, "not a record batch")
        }
        return header
    }

    /// Changes bytes of a compressed batch of one int64 column and reads it.
    private func readDamaged(
        _ compression: ArrowCompression, limit: Int = 1 << 20,
        _ damage: (inout [UInt8]) -> Void
    ) throws -> ArrowError? {
        var builder = ArrowRecordBatchBuilder(schema: ArrowSchema([ArrowField("a", .int64)]))
        for _ in 0..<1000 { builder.columns[0].append(7) }
        let batch = builder.finish()
        let encoded = ArrowIPC.encodeRecordBatch(batch, compression: compression)
        var body = encoded.body
        damage(&body)
        do throws(ArrowError) {
            _ = try ArrowIPC.decodeRecordBatch(
                header: ArrowBuffer(encoded.header), body: ArrowBuffer(body), schema: batch.schema,
                uncompressedByteCountMax: limit)
            return nil
        } catch {
            return error
        }
    }

    private func bytes(of number: Int64) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { [UInt8]($0) }
    }

    @Test(arguments: all)
    func `a compressed batch is read with all its values`(compression: ArrowCompression) throws {
        for batch in [
            Samples.batch(rowCount: 500), Samples.batch(rowCount: 500, nullDistance: 0),
            Samples.batch(rowCount: 1), Samples.batch(rowCount: 0),
            Samples.batch(rowCount: 100).slice(offset: 3, length: 50),
        ] {
            let encoded = ArrowIPC.encodeRecordBatch(batch, compression: compression)
            #expect(try header(encoded).compression == compression.codec)
            #expect(try header(encoded).bodyByteCount == encoded.body.count)
            #expect(encoded.bodyByteCount == encoded.body.count)
            let read = try ArrowIPC.decodeRecordBatch(
                header: ArrowBuffer(encoded.header), body: ArrowBuffer(encoded.body),
                schema: batch.schema)
            #expect(read == batch)
        }
    }

    @Test(arguments: [ArrowCompression.lz4, .zstd])
    func `what repeats gets small, and what doesn't stays as it is`(
        compression: ArrowCompression
    ) throws {
        let schema = ArrowSchema([ArrowField("a", .int64)])
        var random = FixedRandom(state: 3)
        var builder = ArrowRecordBatchBuilder(schema: schema)
        for _ in 0..<10_000 { builder.columns[0].append(1) }
        let same = ArrowIPC.encodeRecordBatch(builder.finish(), compression: compression)
        #expect(same.bodyByteCount < 4000)
        for _ in 0..<10_000 { builder.columns[0].append(Int64(bitPattern: random.next())) }
        let noise = builder.finish()
        let encoded = ArrowIPC.encodeRecordBatch(noise, compression: compression)
        #expect(encoded.bodyByteCount == 80_008)
        #expect(ArrowBuffer(encoded.body).load(Int64.self, at: 0) == -1)
        let read = try ArrowIPC.decodeRecordBatch(
            header: ArrowBuffer(encoded.header), body: ArrowBuffer(encoded.body), schema: schema)
        #expect(read == noise)
    }

    @Test(arguments: [ArrowCompression.lz4, .zstd])
    func `a size above the limit is refused before anything is decompressed`(
        compression: ArrowCompression
    ) throws {
        #expect(try readDamaged(compression, limit: 8000) { _ in } == nil)
        let error = try readDamaged(compression, limit: 7999) { $0[20] ^= 0xFF }
        #expect(error?.code == .limitExceeded)
        #expect(error?.message.contains("7999") == true)
    }

    @Test(arguments: [ArrowCompression.lz4, .zstd])
    func `a size that so few bytes can't become is refused`(compression: ArrowCompression) throws {
        for claim in [Int64.max, Int64.min, -2, 1 << 40] {
            let error = try readDamaged(compression, limit: .max) { body in
                body.replaceSubrange(0..<8, with: bytes(of: claim))
            }
            #expect(error?.code == .malformed)
            #expect(error?.message.contains("\(claim)") == true)
        }
    }

    @Test(arguments: [ArrowCompression.lz4, .zstd])
    func `a frame that holds more or less than it says is refused`(
        compression: ArrowCompression
    ) throws {
        for claim in [Int64(7992), 8008, 1, 9000] {
            let error = try readDamaged(compression) { body in
                body.replaceSubrange(0..<8, with: bytes(of: claim))
            }
            #expect(error?.code == .malformed, "\(claim)")
        }
    }

    @Test(arguments: [ArrowCompression.lz4, .zstd])
    func `no damage to a compressed body does harm`(compression: ArrowCompression) throws {
        let batch = Samples.batch(rowCount: 40)
        let encoded = ArrowIPC.encodeRecordBatch(batch, compression: compression)
        var random = FixedRandom(state: 11)
        var refusedCount = 0
        for _ in 0..<3000 {
            var body = encoded.body
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let index = Int.random(in: 0..<body.count, using: &random)
                body[index] = UInt8.random(in: 0...255, using: &random)
            }
            let read = try? ArrowIPC.decodeRecordBatch(
                header: ArrowBuffer(encoded.header), body: ArrowBuffer(body), schema: batch.schema)
            if read == nil { refusedCount += 1 }
        }
        #expect(refusedCount > 100)
    }

    @Test func `an unknown codec is refused by its number`() throws {
        let encoded = ArrowIPC.encodeRecordBatch(Samples.batch(rowCount: 9), compression: .zstd)
        var codecs: Set<String> = []
        for index in encoded.header.indices {
            var header = encoded.header
            header[index] = 9
            do throws(ArrowError) {
                _ = try ArrowIPC.decodeMessage(header: ArrowBuffer(header))
            } catch  where error.code == .unsupportedFeature {
                codecs.insert(error.message)
            } catch {}
        }
        #expect(codecs.contains { $0.contains("codec 9") })
        #expect(codecs.contains { $0.contains("method 9") })
    }

    @Test(arguments: all)
    func `pyarrow reads what is compressed here`(compression: ArrowCompression) throws {
        let all = Samples.batch(rowCount: 777)
        let batches = [all, all.slice(offset: 3, length: 500), Samples.batch(rowCount: 0)]
        try PyArrow.withDirectory { directory in
            var writer = ArrowStreamWriter(schema: Samples.schema(), compression: compression)
            for batch in batches { try writer.write(batch) }
            writer.finish()
            let file = directory.appending(path: "written.arrows")
            try Data(writer.takeBytes()).write(to: file)
            let seen = try PyArrow.run("read", file.path)
            #expect(seen == Canonical.text(Samples.schema(), batches))
        }
    }

    @Test func `what pyarrow compresses is read with all its values`() throws {
        try PyArrow.withDirectory { directory in
            _ = try PyArrow.run("compressed", directory.path, script: "files.py")
            let files = try FileManager.default.contentsOfDirectory(
                at: directory, includingPropertiesForKeys: nil
            ).filter { $0.pathExtension == "arrows" }
            #expect(files.count == 18)
            for file in files {
                let expected = try String(
                    contentsOf: file.deletingPathExtension().appendingPathExtension("txt"),
                    encoding: .utf8)
                var reader = ArrowStreamReader()
                reader.append(ArrowBuffer([UInt8](try Data(contentsOf: file))))
                var batches: [ArrowRecordBatch] = []
                while let event = try reader.next() {
                    if case .recordBatch(let batch) = event { batches.append(batch) }
                }
                let seen = Canonical.text(try #require(reader.schema), batches)
                #expect(seen == expected, "\(file.lastPathComponent)")
            }
        }
    }
}
