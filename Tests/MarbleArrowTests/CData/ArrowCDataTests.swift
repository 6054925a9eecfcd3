import Foundation
import MarbleArrow
import Testing

@Suite(.serialized) struct ArrowCDataTests {
    /// Memory for C structs, which are at most 80 bytes large.
    private final class Structs {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * 80, alignment: 16)

        init() {
            memory.initializeMemory(as: UInt8.self, repeating: 0, count: 4 * 80)
        }

        deinit {
            memory.deallocate()
        }

        subscript(index: Int) -> UnsafeMutableRawPointer { memory + index * 80 }

        func address(_ index: Int) -> Int { Int(bitPattern: self[index]) }
    }

    private func python(_ call: String) throws {
        try EmbeddedPython.run("import c_data; c_data.\(call)")
    }

    @Test func `batches go to pyarrow and come back the same`() throws {
        let all = Samples.batch(rowCount: 60)
        for batch in [
            all, Samples.batch(rowCount: 60, nullDistance: 0), Samples.batch(rowCount: 0),
            all.slice(offset: 3, length: 50), all.select([]),
        ] {
            let structs = Structs()
            ArrowCData.export(batch, to: structs[0])
            ArrowCData.export(batch.schema, to: structs[1])
            try python(
                "round_trip(\((0..<4).map { "\(structs.address($0))" }.joined(separator: ", ")))")
            let schema = try ArrowCData.importSchema(from: structs[3])
            #expect(schema == batch.schema)
            let back = try ArrowCData.importRecordBatch(from: structs[2], schema: schema)
            #expect(back == batch)
        }
    }

    @Test func `pyarrow's batches of every type come here and go back the same`() throws {
        let structs = Structs()
        try python("count(\(structs.address(0)))")
        let count = structs[0].load(as: Int64.self)
        #expect(count > 10)
        for index in 0..<count {
            try python("hand_out(\(index), \(structs.address(0)), \(structs.address(1)))")
            let schema = try ArrowCData.importSchema(from: structs[1])
            let batch = try ArrowCData.importRecordBatch(from: structs[0], schema: schema)
            ArrowCData.export(batch, to: structs[2])
            ArrowCData.export(schema, to: structs[3])
            try python("compare(\(index), \(structs.address(2)), \(structs.address(3)))")
        }
    }

    @Test func `a sliced array is imported with its rows`() throws {
        let structs = Structs()
        try python("hand_out_slice(\(structs.address(0)), \(structs.address(1)))")
        let field = try ArrowCData.importField(from: structs[1])
        let array = try ArrowCData.importArray(from: structs[0], type: field.type)
        #expect(array.length == 10)
        #expect(
            array.value(at: 1)
                == .structure([.int(4), .list(Array(repeating: .text("4"), count: 4)), .bool(true)])
        )
    }

    private final class Kept {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 16)

        init() {
            bytes.initializeMemory(as: UInt8.self, repeating: 1)
        }

        deinit {
            bytes.deallocate()
        }
    }

    @Test func `memory is kept until the consumer releases it`() throws {
        weak var kept: Kept?
        let structs = Structs()
        do {
            let owner = Kept()
            kept = owner
            let buffer = ArrowBuffer(owner: owner, bytes: UnsafeRawBufferPointer(owner.bytes))
            let array = try ArrowArray(type: .int64, length: 8, validity: nil, values: buffer)
            let batch = try ArrowRecordBatch(
                schema: ArrowSchema([ArrowField("a", .int64)]), columns: [array])
            ArrowCData.export(batch, to: structs[0])
            ArrowCData.export(batch.schema, to: structs[1])
        }
        #expect(kept != nil)
        try python("take(\(structs.address(0)), \(structs.address(1)))")
        #expect(kept == nil)
    }

    @Test func `what has been released is refused`() throws {
        let structs = Structs()
        #expect(throws: ArrowError.self) { try ArrowCData.importSchema(from: structs[0]) }
        let error = #expect(throws: ArrowError.self) {
            try ArrowCData.importArray(from: structs[0], type: .int64)
        }
        #expect(error?.code == .invalidArgument)
        #expect(throws: ArrowError.self) { try ArrowCStreamReader(from: structs[0]) }
    }

    @Test func `an array of another type is refused, and released`() throws {
        let structs = Structs()
        try python("hand_out_slice(\(structs.address(0)), \(structs.address(1)))")
        let error = #expect(throws: ArrowError.self) {
            try ArrowCData.importArray(from: structs[0], type: .utf8)
        }
        #expect(error?.code == .malformed)
        #expect(throws: ArrowError.self) {
            try ArrowCData.importArray(from: structs[0], type: .utf8)
        }
        _ = try ArrowCData.importField(from: structs[1])
    }

    @Test func `pyarrow's stream is read to its end`() throws {
        let structs = Structs()
        try python("hand_out_stream(\(structs.address(0)))")
        let reader = try ArrowCStreamReader(from: structs[0])
        #expect(reader.schema.fields.map(\.name) == ["a"])
        var counts: [Int] = []
        while let batch = try reader.next() { counts.append(batch.rowCount) }
        #expect(counts == [3, 0, 5])
        #expect(try reader.next() == nil)
    }

    @Test func `what a stream of pyarrow's fails with is told`() throws {
        let structs = Structs()
        try python("failing_stream(\(structs.address(0)))")
        let reader = try ArrowCStreamReader(from: structs[0])
        #expect(try reader.next()?.rowCount == 1)
        let error = #expect(throws: ArrowError.self) { try reader.next() }
        #expect(error?.message.contains("no more of them") == true)
    }

    private func numbers(_ range: Range<Int>) -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(schema: ArrowSchema([ArrowField("a", .int64)]))
        for number in range { builder.columns[0].append(number) }
        return builder.finish()
    }

    @Test func `a stream is pulled by pyarrow, and its errors are told`() throws {
        let structs = Structs()
        var batches = [numbers(0..<10), numbers(10..<10), numbers(10..<100)]
        ArrowCData.export(schema: batches[0].schema, to: structs[0]) {
            batches.isEmpty ? nil : batches.removeFirst()
        }
        try python("sum_stream(\(structs.address(0)), \(structs.address(1)))")
        #expect(structs[1].load(as: Int64.self) == 4950)
        ArrowCData.export(schema: numbers(0..<1).schema, to: structs[0]) {
            throw ArrowError(.malformed, "the well is dry")
        }
        try python("stream_fails(\(structs.address(0)), 'the well is dry')")
    }
}
