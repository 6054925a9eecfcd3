import MarbleArrow
import Testing

@Suite struct ArrowNestedBuilderTests {
    @Test func `lists are built of their items, and read as arrays`() {
        for type: ArrowType in [
            .list(of: .utf8), .largeList(of: .utf8), .listView(of: .utf8),
            .largeListView(of: .utf8),
        ] {
            let builder = ArrowColumnBuilder(type)
            builder.appendList { items in
                items.append("a")
                items.appendNull()
            }
            builder.appendNull()
            builder.appendList { _ in }
            let array = builder.finish()
            #expect(array.length == 3 && array.nullCount == 1 && array.isNull(1))
            #expect(array.list(at: 0).string(at: 0) == "a" && array.list(at: 0).isNull(1))
            #expect(array.list(at: 2).length == 0)
            #expect(array.slice(offset: 2, length: 1).value(at: 0) == .list([]))
        }
    }

    @Test func `structs and maps are built field by field`() {
        let rows = ArrowColumnBuilder(
            .struct([
                ArrowField("name", .utf8), ArrowField("tags", .map(key: .utf8, value: .int64)),
            ])
        )
        rows.appendStruct { fields in
            fields[0].append("x")
            fields[1].appendMap { keys, values in
                keys.append("one")
                values.append(1)
            }
        }
        rows.appendNull()
        let array = rows.finish()
        #expect(array.field("name")?.string(at: 0) == "x")
        #expect(array.field("nothing") == nil)
        let entry = ArrowValue.Entry(key: .text("one"), value: .int(1))
        #expect(array.value(at: 0) == .structure([.text("x"), .map([entry])]))
        #expect(array.value(at: 1) == .null)
    }

    @Test func `a dictionary has each value once, runs each run once`() {
        let dictionary = ArrowColumnBuilder(.dictionary(of: .utf8, index: .uint8))
        let runs = ArrowColumnBuilder(.runEndEncoded(of: .utf8))
        for text in ["a", "a", "b", "a"] {
            dictionary.append(text)
            runs.append(text)
        }
        dictionary.appendNull()
        runs.appendNull()
        let numbered = dictionary.finish()
        #expect(numbered.dictionary?.length == 2)
        #expect((0..<4).map { numbered.dictionaryNumber(at: $0) } == [0, 0, 1, 0])
        #expect(numbered.isNull(4) && numbered.nullCount == 1)
        let encoded = runs.finish()
        #expect(encoded.children[0].length == 4 && encoded.length == 5)
        #expect(encoded.isNull(4) && encoded.nullCount == 1)
        #expect(
            (0..<5).map { encoded.value(at: $0) }
                == [.text("a"), .text("a"), .text("b"), .text("a"), .null])
    }

    @Test func `a union's value is of the field with its number`() {
        for mode: ArrowUnionType.Mode in [.sparse, .dense] {
            let fields = [ArrowField("number", .int64), ArrowField("text", .utf8)]
            let builder = ArrowColumnBuilder(
                .union(ArrowUnionType(mode, fields, typeIDs: [3, 9])))
            builder.appendUnion(typeID: 9) { $0.append("x") }
            builder.appendUnion(typeID: 3) { $0.append(5) }
            builder.appendNull()
            let array = builder.finish()
            #expect(array.value(at: 0) == .union(typeID: 9, .text("x")))
            #expect(array.value(at: 1) == .union(typeID: 3, .int(5)))
            #expect(array.isNull(2) && array.nullCount == 1)
        }
    }

    @Test func `256-bit decimals print all their digits`() {
        let builder = ArrowColumnBuilder(.decimal256(precision: 76, scale: 0))
        builder.append(decimal: ArrowInt256(-5))
        builder.append(decimal: ArrowInt256(high: 1, low: 0))
        builder.append(decimal: ArrowInt256(high: -1, low: 0))
        let array = builder.finish()
        #expect(array.decimal256(at: 0).description == "-5")
        #expect(
            array.decimal256(at: 1).description == "340282366920938463463374607431768211456")
        #expect(
            array.decimal256(at: 2).description == "-340282366920938463463374607431768211456")
        #expect(array.decimal256(at: 2) < array.decimal256(at: 0))
    }

    /// A type of at most `depth` levels.
    private func randomType(_ depth: Int, _ random: inout FixedRandom) -> ArrowType {
        let flat = Samples.flatTypes + [.utf8View, .binaryView, .duration(.second), .null]
        if depth == 1 || Int.random(in: 0..<4, using: &random) == 0 {
            return flat[Int.random(in: flat.indices, using: &random)]
        }
        let inner = randomType(depth - 1, &random)
        let fields = [ArrowField("a", inner), ArrowField("b", randomType(depth - 1, &random))]
        switch Int.random(in: 0..<12, using: &random) {
        case 0: return .list(of: inner)
        case 1: return .largeList(of: inner)
        case 2: return .listView(of: inner)
        case 3: return .largeListView(of: inner)
        case 4: return .fixedSizeList(of: inner, size: Int.random(in: 0...3, using: &random))
        case 5: return .map(key: .utf8, value: inner)
        case 6: return .union(ArrowUnionType(.sparse, fields, typeIDs: [1, 127]))
        case 7: return .union(ArrowUnionType(.dense, fields))
        case 8: return .dictionary(of: inner, index: .int16)
        case 9: return .runEndEncoded(of: inner)
        default: return .struct(fields)
        }
    }

    private func randomValue(_ type: ArrowType, _ random: inout FixedRandom) -> ArrowValue {
        func many(_ type: ArrowType, _ count: Int) -> [ArrowValue] {
            (0..<count).map { _ in randomValue(type, &random) }
        }
        let number = Int.random(in: 0..<40, using: &random)
        switch type {
        case .union(let union):
            let position = number % union.fields.count
            return .union(
                typeID: union.typeIDs[position], randomValue(union.fields[position].type, &random))
        case .dictionary(_, let value, _): return randomValue(value, &random)
        case .runEndEncoded(_, let values): return randomValue(values.type, &random)
        case .null: return .null
        default: break
        }
        if number % 4 == 0 { return .null }
        switch type {
        case .struct(let fields): return .structure(fields.map { randomValue($0.type, &random) })
        case .map(let entries, _):
            return .map(
                (0..<number % 4).map { position in
                    ArrowValue.Entry(
                        key: .text("key \(position)"),
                        value: randomValue(entries.type.children[1].type, &random))
                })
        case .fixedSizeList(let item, let size): return .list(many(item.type, size))
        case .list(let item), .largeList(let item), .listView(let item), .largeListView(let item):
            return .list(many(item.type, number % 4))
        default:
            let schema = ArrowSchema([ArrowField("a", type)])
            let batch = Samples.batch(rowCount: number + 1, nullDistance: 0, schema: schema)
            return batch.columns[0].value(at: number)
        }
    }

    @Test(arguments: 0..<120)
    func `values of any type come back from builders, messages, slices and gathers`(
        seed: Int
    ) throws {
        var random = FixedRandom(state: UInt64(seed))
        let type = randomType(4, &random)
        let values = (0..<40).map { _ in randomValue(type, &random) }
        let builder = ArrowColumnBuilder(type)
        for value in values { builder.append(value) }
        let batch = try ArrowRecordBatch(
            schema: ArrowSchema([ArrowField("column", type)]), columns: [builder.finish()])
        let name = Comment(rawValue: "\(type)")
        func seen(_ batch: ArrowRecordBatch) -> [ArrowValue] {
            (0..<batch.rowCount).map { batch.columns[0].value(at: $0) }
        }
        #expect(seen(batch) == values, name)
        #expect(seen(try ArrowIPC.roundTrip(batch)) == values, name)
        let start = Int.random(in: 0..<20, using: &random)
        let slice = batch.slice(offset: start, length: 17)
        let part = Array(values[start..<start + 17])
        #expect(seen(slice) == part, name)
        #expect(seen(try ArrowIPC.roundTrip(slice)) == part, name)
        let rows = (0..<30).map { _ in Int.random(in: 0..<17, using: &random) }
        #expect(seen(try slice.take(rows: rows)) == rows.map { part[$0] }, name)
        #expect(try ArrowIPC.roundTrip(slice) == slice, name)
        let joined = try ArrowRecordBatch.concatenate([slice, batch, slice])
        #expect(seen(joined) == part + values + part, name)
        #expect(seen(try ArrowIPC.roundTrip(joined)) == part + values + part, name)
        var copier = ArrowRecordBatchBuilder(schema: batch.schema)
        for row in 0..<slice.rowCount { copier.append(from: slice, row: row) }
        #expect(seen(copier.finish()) == part, name)
    }
}
