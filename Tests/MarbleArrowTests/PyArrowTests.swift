import Foundation
import MarbleArrow
import Testing

@Suite struct PyArrowTests {
    private func read(_ file: URL) throws -> (ArrowSchema, [ArrowRecordBatch]) {
        var reader = ArrowStreamReader()
        reader.append(ArrowBuffer([UInt8](try Data(contentsOf: file))))
        var batches: [ArrowRecordBatch] = []
        while let event = try reader.next() {
            if case .recordBatch(let batch) = event { batches.append(batch) }
        }
        #expect(reader.isAtMessageBoundary)
        return (try #require(reader.schema), batches)
    }

    @Test func `what pyarrow writes is read with all its values`() throws {
        try PyArrow.withDirectory { directory in
            _ = try PyArrow.run("write", directory.path)
            let files = try FileManager.default.contentsOfDirectory(
                at: directory, includingPropertiesForKeys: nil
            ).filter { $0.pathExtension == "arrows" }
            #expect(files.count == 19)
            for file in files {
                let (schema, batches) = try read(file)
                let expected = try String(
                    contentsOf: file.deletingPathExtension().appendingPathExtension("txt"),
                    encoding: .utf8)
                #expect(
                    Canonical.text(schema, batches) == expected, "\(file.lastPathComponent)")
            }
        }
    }

    /// Reads every stream of a directory, compares it with what the peer says that it holds, writes it
    /// again, and lets the peer compare that.
    private func expectRoundTrips(_ directory: URL, described: Int) throws {
        let files = try FileManager.default.contentsOfDirectory(
            at: directory, includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "arrows" }
        var describedCount = 0
        for file in files {
            let name = Comment(rawValue: file.lastPathComponent)
            let (schema, batches) = try read(file)
            let description = file.deletingPathExtension().appendingPathExtension("txt")
            if let expected = try? String(contentsOf: description, encoding: .utf8) {
                describedCount += 1
                #expect(Canonical.text(schema, batches) == expected, name)
            }
            for batch in batches {
                let middle = batch.rowCount / 3
                let parts = [
                    batch.slice(offset: 0, length: middle),
                    batch.slice(offset: middle, length: batch.rowCount - middle),
                ]
                #expect(try ArrowRecordBatch.concatenate(parts) == batch, name)
                #expect(try ArrowIPC.roundTrip(parts[1]) == parts[1], name)
                #expect(try batch.take(rows: 0..<batch.rowCount) == batch, name)
            }
            var writer = ArrowStreamWriter(schema: schema)
            for batch in batches { try writer.write(batch) }
            writer.finish()
            let back = file.deletingPathExtension().appendingPathExtension("back.arrows")
            try Data(writer.takeBytes()).write(to: back)
        }
        #expect(describedCount == described)
        #expect(try PyArrow.run("verify", directory.path) == "")
    }

    @Test func `every type, nested in every other, goes to pyarrow and back`() throws {
        try PyArrow.withDirectory { directory in
            _ = try PyArrow.run("types", directory.path)
            try expectRoundTrips(directory, described: 103)
        }
    }

    @Test func `the streams of other implementations are read and written with all their values`()
        throws
    {
        try PyArrow.withDirectory { directory in
            let copied = try Gold.copy(to: directory) { $0 != "1.0.0-bigendian" }
            #expect(copied == 67)
            _ = try PyArrow.run("describe", directory.path)
            // pyarrow can't show intervals of months, or of days and milliseconds.
            try expectRoundTrips(directory, described: copied - 3)
        }
    }

    @Test func `big-endian streams are refused, saying so`() throws {
        try PyArrow.withDirectory { directory in
            #expect(try Gold.copy(to: directory) { $0 == "1.0.0-bigendian" } == 3)
            for file in try FileManager.default.contentsOfDirectory(
                at: directory, includingPropertiesForKeys: nil)
            {
                let error = #expect(throws: ArrowError.self) { try read(file) }
                #expect(error?.code == .unsupportedFeature)
                #expect(error?.message.contains("big-endian") == true)
            }
        }
    }

    @Test func `pyarrow reads what we write with all its values`() throws {
        // pyarrow can't show intervals of months, or of days and milliseconds.
        let types = Samples.types.filter {
            ![.interval(.yearMonth), .interval(.dayTime)].contains($0)
        }
        let schema = Samples.schema(of: types)
        let all = Samples.batch(rowCount: 777, schema: schema)
        let cases: [[ArrowRecordBatch]] = [
            [all], [Samples.batch(rowCount: 100, nullDistance: 0, schema: schema)],
            [Samples.batch(rowCount: 0, schema: schema)], [],
            [all.slice(offset: 3, length: 500), all.slice(offset: 701, length: 1)],
            [try all.take(rows: [5, 5, 776, 0]), .empty(all.schema)],
        ]
        try PyArrow.withDirectory { directory in
            for batches in cases {
                var writer = ArrowStreamWriter(schema: schema)
                for batch in batches { try writer.write(batch) }
                writer.finish()
                let file = directory.appending(path: "written.arrows")
                try Data(writer.takeBytes()).write(to: file)
                let seen = try PyArrow.run("read", file.path)
                #expect(seen == Canonical.text(schema, batches))
            }
        }
    }
}
