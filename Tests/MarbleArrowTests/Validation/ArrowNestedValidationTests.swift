import Testing

@testable import MarbleArrow

/// Arrays of nested types that break one rule each.
@Suite struct ArrowNestedValidationTests {
    private func numbers(_ values: [Int?], _ type: ArrowType = .int32) -> ArrowArray {
        let builder = ArrowColumnBuilder(type)
        for value in values {
            if let value { builder.append(value) } else { builder.appendNull() }
        }
        return builder.finish()
    }

    /// Numbers of 32 bits.
    private func words(_ values: Int32...) -> ArrowBuffer {
        ArrowBuffer(
            values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
        )
    }

    private func expectRefused(
        _ part: String, _ type: ArrowType, length: Int = 2, validity: [UInt8]? = nil,
        _ buffers: [ArrowBuffer], children: [ArrowArray] = [], dictionary: ArrowArray? = nil,
        viewed: [ArrowBuffer] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: ArrowError.self, sourceLocation: sourceLocation) {
            try ArrowArray(
                type: type, length: length, validity: validity.map { ArrowBuffer($0) },
                buffers: buffers, children: children, dictionary: dictionary, viewed: viewed)
        }
        #expect(error?.code == .malformed, sourceLocation: sourceLocation)
        #expect(
            error?.message.contains(part) == true, "\(String(describing: error))",
            sourceLocation: sourceLocation)
    }

    @Test func `lists whose offsets decrease or leave the items are refused`() {
        let items = numbers([1, 2, 3])
        let list = ArrowType.list(of: .int32)
        expectRefused("decrease", list, [words(0, 2, 1)], children: [items])
        expectRefused("decrease", list, [words(-1, 0, 1)], children: [items])
        expectRefused("to 4 in 3", list, [words(0, 2, 4)], children: [items])
        expectRefused("bytes of offsets", list, [words(0, 2)], children: [items])
        let view = ArrowType.listView(of: .int32)
        expectRefused("2 items from 2", view, [words(0, 2), words(1, 2)], children: [items])
        expectRefused("-1 items", view, [words(0, 2), words(-1, 1)], children: [items])
        expectRefused("1 items from -1", view, [words(-1, 2), words(1, 1)], children: [items])
        expectRefused("offsets", view, [words(0), words(1, 1)], children: [items])
        expectRefused("8 bytes", view, [words(0, 0), words(1)], children: [items])
        expectRefused(
            "3 items in 2 lists", .fixedSizeList(of: .int32, size: 2), [], children: [items])
    }

    @Test func `what lies behind a null list view need not point anywhere`() throws {
        let array = try ArrowArray(
            type: .listView(of: .int32), length: 2, validity: ArrowBuffer([0b01]),
            buffers: [words(0, 99), words(1, 99)], children: [numbers([1])])
        #expect(array.value(at: 0) == .list([.int(1)]) && array.isNull(1))
        #expect(try array.take(rows: [1, 0]).value(at: 1) == .list([.int(1)]))
    }

    @Test func `structs with fields that are too short, or null where they may not be`() throws {
        let type = ArrowType.struct([ArrowField("a", .int32, nullable: false)])
        expectRefused("a field of it 1", type, [], children: [numbers([1])])
        expectRefused("\"a\" in row 1", type, [], children: [numbers([1, nil])])
        let hidden = try ArrowArray(
            type: type, length: 2, validity: ArrowBuffer([0b01]), buffers: [],
            children: [numbers([1, nil])])
        #expect(hidden.value(at: 1) == .null)
    }

    @Test func `unions whose numbers no field has, or whose offsets are out of order`() {
        let fields = [ArrowField("a", .int32), ArrowField("b", .int32)]
        let sparse = ArrowType.union(ArrowUnionType(.sparse, fields, typeIDs: [3, 4]))
        let children = [numbers([1, 2]), numbers([3, 4])]
        expectRefused("type number 5", sparse, [ArrowBuffer([3, 5])], children: children)
        expectRefused("type number -1", sparse, [ArrowBuffer([3, 0xFF])], children: children)
        let dense = ArrowType.union(ArrowUnionType(.dense, fields))
        let same = ArrowBuffer([0, 0])
        expectRefused("offset 2", dense, [same, words(0, 2)], children: children)
        expectRefused("offset 0", dense, [same, words(1, 0)], children: children)
        expectRefused("offset -1", dense, [same, words(-1, 0)], children: children)
        expectRefused("offsets", dense, [same, words(0)], children: children)
    }

    @Test func `runs that don't increase, or that end too early`() {
        let type = ArrowType.runEndEncoded(of: .int32)
        let values = numbers([7, 8])
        func expect(_ part: String, _ ends: [Int?], length: Int = 2) {
            expectRefused(part, type, length: length, [], children: [numbers(ends), values])
        }
        expect("ends at 1", [1, 1])
        expect("ends at 0", [0, 2])
        expect("2, but 3 values", [1, 2], length: 3)
        expect("null", [1, nil])
        expect("3 runs", [1, 2, 3])
    }

    @Test func `numbers that a dictionary doesn't have`() throws {
        let type = ArrowType.dictionary(of: .int32)
        let dictionary = numbers([5])
        expectRefused("index 1", type, [words(0, 1)], dictionary: dictionary)
        expectRefused("index -1", type, [words(0, -1)], dictionary: dictionary)
        let array = try ArrowArray(
            type: type, length: 2, validity: ArrowBuffer([0b01]), buffers: [words(0, 77)],
            dictionary: dictionary)
        #expect(array.value(at: 0) == .int(5) && array.isNull(1))
    }

    @Test func `views that point outside, or begin otherwise than what they point to`() throws {
        let text = ArrowBuffer(Array("thirteen byte".utf8))
        let prefix = Int32(bitPattern: 0x7269_6874)
        func expect(_ part: String, _ view: ArrowBuffer, _ type: ArrowType = .utf8View) {
            expectRefused(part, type, length: 1, [view], viewed: [text])
        }
        let good = try ArrowArray(
            type: .utf8View, length: 1, validity: nil, buffers: [words(13, prefix, 0, 0)],
            viewed: [text])
        #expect(good.string(at: 0) == "thirteen byte")
        expect("outside", words(13, prefix, 1, 0))
        expect("outside", words(13, prefix, -1, 0))
        expect("outside", words(13, prefix, 0, 1))
        expect("outside", words(13, prefix, 0, -1))
        expect("outside", words(14, prefix, 0, 0))
        expect("begins otherwise", words(13, prefix + 1, 0, 0))
        expect("-1 bytes", words(-1, 0, 0, 0))
        expect("UTF-8", words(1, 0xFF, 0, 0))
        expect("16 bytes", words(1, 0, 0))
    }

    @Test func `views of text may overlap, but not divide a character`() throws {
        let text = Array("fünfzehn Zeichen: größe".utf8)
        let prefix = { (start: Int) in
            (0..<4).reduce(Int32(0)) { $0 | Int32(text[start + $1]) << (8 * Int32($1)) }
        }
        func array(_ views: (Int, Int)...) throws -> ArrowArray {
            let values = views.map { words(Int32($1), prefix($0), 0, Int32($0)) }
            return try ArrowArray(
                type: .utf8View, length: views.count, validity: nil,
                buffers: [ArrowBuffer(values.flatMap(\.bytes))], viewed: [ArrowBuffer(text)])
        }
        let whole = text.count
        let good = try array((0, whole), (1, 13), (3, 20), (0, whole))
        #expect(good.string(at: 1) == "ünfzehn Zeic")
        #expect(throws: ArrowError.self) { try array((0, whole), (2, 13)) }
        #expect(throws: ArrowError.self) { try array((0, whole), (5, 17)) }
        #expect(throws: ArrowError.self) { try array((5, 17)) }
        #expect(throws: ArrowError.self) { try array((2, 14), (4, 13)) }
    }

    @Test func `what many rows share is looked at and counted once`() throws {
        let count = 100_000
        let text = ArrowBuffer([UInt8](repeating: 0x61, count: count))
        let view = words(Int32(count), 0x6161_6161, 0, 0)
        let views = try ArrowArray(
            type: .utf8View, length: count, validity: nil,
            buffers: [ArrowBuffer([[UInt8]](repeating: view.bytes, count: count).flatMap { $0 })],
            viewed: [text])
        #expect(views.byteCount == count * 16 + count)
        #expect(try views.take(rows: 0..<count).viewedBuffers.count == 1)
        let offsets = ArrowBuffer([UInt8](repeating: 0, count: count * 4))
        let sizes = ArrowBuffer(
            [[UInt8]](repeating: words(Int32(count)).bytes, count: count).flatMap { $0 })
        let lists = try ArrowArray(
            type: .listView(of: .utf8View, nullable: false), length: count, validity: nil,
            buffers: [offsets, sizes], children: [views])
        #expect(lists.byteCount == count * 8 + views.byteCount)
        #expect(lists.byteCount(in: 0..<1) < count * 20)
        #expect(try lists.take(rows: 0..<count).children[0].length == count)
    }

    @Test func `maps have no null keys`() throws {
        let key = ArrowField("key", .int32, nullable: false)
        let entries = try ArrowArray(
            type: .struct([key, ArrowField("value", .int32)]), length: 2,
            validity: ArrowBuffer([0b01]), buffers: [],
            children: [numbers([1, nil]), numbers([1, 2])])
        expectRefused(
            "null", .map(key: .int32, value: .int32), length: 1, [words(0, 2)],
            children: [entries])
    }

    @Test func `children, buffers and dictionaries of another shape are a caller's mistake`() {
        func expect(_ body: () throws -> ArrowArray) {
            let error = #expect(throws: ArrowError.self) { _ = try body() }
            #expect(error?.code == .invalidArgument)
        }
        let list = ArrowType.list(of: .int32)
        expect { try ArrowArray(type: list, length: 0, validity: nil, buffers: []) }
        expect {
            try ArrowArray(
                type: list, length: 0, validity: nil, buffers: [words(0)],
                children: [numbers([1], .int64)])
        }
        expect {
            try ArrowArray(
                type: .dictionary(of: .utf8), length: 0, validity: nil, buffers: [words()])
        }
    }
}
