import Foundation
import MarbleArrow
import Testing

@Suite struct ArrowFileTests {
    private func file(
        _ batches: [ArrowRecordBatch], compression: ArrowCompression = .none,
        metadata: ArrowMetadata = [:]
    ) throws -> [UInt8] {
        var writer = ArrowFileWriter(
            schema: batches.first?.schema ?? Samples.schema(), compression: compression,
            metadata: metadata)
        var bytes: [UInt8] = []
        for batch in batches {
            try writer.write(batch)
            bytes += writer.takeBytes()
        }
        writer.finish()
        writer.finish()
        return bytes + writer.takeBytes()
    }

    private let samples = [
        Samples.batch(rowCount: 50), Samples.batch(rowCount: 0), Samples.batch(rowCount: 200),
    ]

    @Test(arguments: [ArrowCompression.none, .lz4, .zstd])
    func `batches are read in any order`(compression: ArrowCompression) throws {
        let bytes = try file(samples, compression: compression, metadata: ["made": "here"])
        let reader = try ArrowFileReader(ArrowBuffer(bytes))
        #expect(reader.schema == Samples.schema())
        #expect(reader.metadata == ["made": "here"])
        #expect(reader.batchCount == 3)
        for index in [2, 0, 1, 0] { #expect(try reader.batch(at: index) == samples[index]) }
        #expect(try reader.batches() == samples)
    }

    @Test func `a file without batches has a schema`() throws {
        let reader = try ArrowFileReader(ArrowBuffer(try file([])))
        #expect(reader.schema == Samples.schema() && reader.batchCount == 0)
        #expect(reader.metadata.isEmpty)
    }

    @Test func `a mapped file is read, and its batches are views of the mapping`() throws {
        try PyArrow.withDirectory { directory in
            let path = directory.appending(path: "a.arrow").path
            try Data(try file(samples)).write(to: URL(filePath: path))
            var reader: ArrowFileReader? = try ArrowFileReader(path: path)
            let batch = try #require(try reader?.batch(at: 2))
            // The batch keeps the mapping, even if the file is gone.
            reader = nil
            try FileManager.default.removeItem(atPath: path)
            #expect(batch == samples[2])
        }
    }

    @Test func `a batch of a file in memory is not copied`() throws {
        let bytes = ArrowBuffer(try file(samples))
        let batch = try ArrowFileReader(bytes).batch(at: 2)
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

    @Test func `a file that isn't there is named`() throws {
        let error = #expect(throws: ArrowError.self) {
            try ArrowFileReader(path: "/nowhere/at.arrow")
        }
        #expect(error?.code == .inputOutput)
        #expect(error?.message.contains("/nowhere/at.arrow") == true)
        let directory = #expect(throws: ArrowError.self) { try ArrowFileReader(path: "/tmp") }
        #expect(directory?.code == .inputOutput)
    }

    @Test func `an empty file, a stream and a file that is cut off are refused`() throws {
        let bytes = try file(samples)
        var stream = ArrowStreamWriter(schema: Samples.schema())
        stream.finish()
        for wrong in [[], stream.takeBytes().bytes, Array(bytes.prefix(8)), Array("ARROW1".utf8)] {
            let error = #expect(throws: ArrowError.self) {
                try ArrowFileReader(ArrowBuffer(wrong))
            }
            #expect(error?.code == .malformed)
        }
        for count in stride(from: 0, to: bytes.count, by: 61) {
            #expect(throws: ArrowError.self) {
                try ArrowFileReader(ArrowBuffer(Array(bytes.prefix(count))))
            }
        }
    }

    @Test func `no damage to a file does harm`() throws {
        let bytes = try file(
            [Samples.batch(rowCount: 20), Samples.batch(rowCount: 3)], metadata: ["a": "b"])
        // The footer is where most can go wrong.
        let footer = bytes.count - 400
        var random = FixedRandom(state: 5)
        var refusedCount = 0
        for round in 0..<6000 {
            var damaged = bytes
            for _ in 0...Int.random(in: 0...2, using: &random) {
                let range = round % 3 == 0 ? 0..<bytes.count : footer..<bytes.count
                damaged[Int.random(in: range, using: &random)] =
                    UInt8.random(in: 0...255, using: &random)
            }
            let read = try? ArrowFileReader(ArrowBuffer(damaged)).batches()
            if read == nil { refusedCount += 1 }
        }
        #expect(refusedCount > 1000)
    }

    @Test func `a batch of another schema isn't written, and none after the end`() throws {
        var writer = ArrowFileWriter(schema: Samples.schema())
        #expect(throws: ArrowError.self) {
            try writer.write(Samples.batch(rowCount: 1).select([0, 1]))
        }
        writer.finish()
        #expect(throws: ArrowError.self) { try writer.write(Samples.batch(rowCount: 1)) }
        #expect(try ArrowFileReader(writer.takeBytes()).batchCount == 0)
    }

    @Test(arguments: [ArrowCompression.none, .lz4, .zstd])
    func `pyarrow reads what we write with all its values`(compression: ArrowCompression) throws {
        try PyArrow.withDirectory { directory in
            let path = directory.appending(path: "written.arrow")
            let metadata: ArrowMetadata = ["made": "here", "größe": "groß"]
            try Data(try file(samples, compression: compression, metadata: metadata))
                .write(to: path)
            let seen = try PyArrow.run("read", path.path, script: "files.py")
            #expect(
                seen == "made=here\ngröße=groß\n" + Canonical.text(Samples.schema(), samples))
        }
    }

    @Test func `what pyarrow writes is read with all its values`() throws {
        try PyArrow.withDirectory { directory in
            _ = try PyArrow.run("files", directory.path, script: "files.py")
            let files = try FileManager.default.contentsOfDirectory(
                at: directory, includingPropertiesForKeys: nil
            ).filter { $0.pathExtension == "arrow" }
            #expect(files.count == 7)
            for file in files {
                let expected = try String(
                    contentsOf: file.deletingPathExtension().appendingPathExtension("txt"),
                    encoding: .utf8)
                let reader = try ArrowFileReader(path: file.path)
                let seen = Canonical.text(reader.schema, try reader.batches())
                #expect(seen == expected, "\(file.lastPathComponent)")
                #expect(reader.metadata == ["made": "by pyarrow"])
            }
        }
    }

    @Test func `files of every type come from pyarrow and go back the same`() throws {
        try PyArrow.withDirectory { directory in
            _ = try PyArrow.run("every", directory.path, script: "files.py")
            let files = try FileManager.default.contentsOfDirectory(
                at: directory, includingPropertiesForKeys: nil)
            #expect(files.count > 10)
            for path in files {
                let batches = try ArrowFileReader(path: path.path).batches()
                let back = path.deletingPathExtension().appendingPathExtension("back.arrow")
                try Data(try file(batches)).write(to: back)
            }
            _ = try PyArrow.run("verify", directory.path, script: "files.py")
        }
    }

    @Test func `dictionaries that grow come from pyarrow and go back the same`() throws {
        try PyArrow.withDirectory { directory in
            _ = try PyArrow.run("dictionaries", directory.path, script: "files.py")
            let original = directory.appending(path: "dictionaries.arrow")
            let reader = try ArrowFileReader(path: original.path)
            #expect(reader.batchCount == 3)
            let back = directory.appending(path: "dictionaries.back.arrow")
            try Data(try file(try reader.batches(), compression: .lz4)).write(to: back)
            _ = try PyArrow.run("verify", directory.path, script: "files.py")
        }
    }

    @Test func `a dictionary that is replaced isn't written to a file`() throws {
        let schema = ArrowSchema([ArrowField("a", .dictionary(of: .utf8))])
        var writer = ArrowFileWriter(schema: schema)
        var builder = ArrowRecordBatchBuilder(schema: schema)
        builder.columns[0].append("x")
        try writer.write(builder.finish())
        builder.columns[0].append("y")
        let other = builder.finish()
        let error = #expect(throws: ArrowError.self) { try writer.write(other) }
        #expect(error?.code == .invalidArgument)
    }
}
