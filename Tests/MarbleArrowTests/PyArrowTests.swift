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

    @Test func `types that pyarrow has and we don't are refused by column and type`() throws {
        try PyArrow.withDirectory { directory in
            _ = try PyArrow.run("refused", directory.path)
            let files = try FileManager.default.contentsOfDirectory(
                at: directory, includingPropertiesForKeys: nil)
            #expect(files.count == 15)
            for file in files {
                let name = file.deletingPathExtension().lastPathComponent
                let error = #expect(throws: ArrowError.self) { try read(file) }
                #expect(error?.code == .unsupportedType)
                #expect(error?.message.contains("\"the culprit\"") == true)
                #expect(
                    error?.message.contains(name) == true, "\(name): \(String(describing: error))")
            }
        }
    }

    @Test func `pyarrow reads what we write with all its values`() throws {
        let all = Samples.batch(rowCount: 777)
        let cases: [[ArrowRecordBatch]] = [
            [all], [Samples.batch(rowCount: 100, nullDistance: 0)], [Samples.batch(rowCount: 0)],
            [],
            [all.slice(offset: 3, length: 500), all.slice(offset: 701, length: 1)],
            [try all.take(rows: [5, 5, 776, 0]), .empty(all.schema)],
        ]
        try PyArrow.withDirectory { directory in
            for batches in cases {
                var writer = ArrowStreamWriter(schema: Samples.schema())
                for batch in batches { try writer.write(batch) }
                writer.finish()
                let file = directory.appending(path: "written.arrows")
                try Data(writer.takeBytes()).write(to: file)
                let seen = try PyArrow.run("read", file.path)
                #expect(seen == Canonical.text(Samples.schema(), batches))
            }
        }
    }
}
