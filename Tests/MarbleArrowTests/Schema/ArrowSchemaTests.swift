import MarbleArrow
import Testing

@Suite struct ArrowSchemaTests {
    @Test func `every type and all metadata survive the way through a message`() throws {
        let schema = Samples.schema(
            of: Samples.types, metadata: ["a": "1", "b": "", "größe": "漢字", "a": "twice"])
        guard
            case .schema(let read) = try ArrowIPC.decodeMessage(
                header: ArrowBuffer(ArrowIPC.encodeSchema(schema)))
        else {
            Issue.record("not a schema")
            return
        }
        #expect(read == schema)
        let message = ArrowIPC.encodeEncapsulatedSchema(schema)
        #expect(message.count.isMultiple(of: 8))
        #expect(try ArrowIPC.decodeEncapsulatedSchema(ArrowBuffer(message)) == schema)
    }

    @Test func `a schema may be empty, its names too, and nulls forbidden`() throws {
        for schema in [
            ArrowSchema([]), ArrowSchema([ArrowField("", .int64, nullable: false)]),
            ArrowSchema([ArrowField("x", .utf8), ArrowField("x", .utf8, nullable: false)]),
        ] {
            let message = ArrowBuffer(ArrowIPC.encodeEncapsulatedSchema(schema))
            #expect(try ArrowIPC.decodeEncapsulatedSchema(message) == schema)
        }
    }

    @Test func `the same fields with other metadata are the same fields, not the same schema`() {
        let one = ArrowSchema([ArrowField("a", .int64)], metadata: ["x": "1"])
        let other = ArrowSchema([ArrowField("a", .int64, metadata: ["y": "2"])])
        #expect(one.hasSameFields(as: other))
        #expect(one != other)
        #expect(!one.hasSameFields(as: ArrowSchema([ArrowField("a", .int64, nullable: false)])))
        #expect(!one.hasSameFields(as: ArrowSchema([ArrowField("b", .int64)])))
        #expect(!one.hasSameFields(as: ArrowSchema([])))
    }

    @Test func `types that can't be are told apart from those that can`() {
        for type in Samples.types { #expect(type.flaw == nil) }
        for type: ArrowType in [
            .fixedSizeBinary(byteWidth: 0), .fixedSizeBinary(byteWidth: -1),
            .decimal128(precision: 39, scale: 0), .decimal128(precision: 0, scale: 0),
            .decimal128(precision: 1, scale: Int.max), .time32(.nanosecond), .time64(.second),
            .decimal32(precision: 10, scale: 0), .decimal64(precision: 19, scale: 0),
            .decimal256(precision: 77, scale: 0), .fixedSizeList(of: .int8, size: -1),
            .map(entries: ArrowField("entries", .int64), keysSorted: false),
            .union(ArrowUnionType(.dense, [ArrowField("a", .int8)], typeIDs: [-1])),
            .union(ArrowUnionType(.sparse, [ArrowField("a", .int8)], typeIDs: [1, 2])),
            .dictionary(of: .utf8, index: .utf8), .runEndEncoded(of: .utf8, runEnds: .int8),
            .list(of: .struct([ArrowField("a", .list(of: .fixedSizeBinary(byteWidth: 0)))])),
            (0..<64).reduce(.int8) { type, _ in .list(of: type) },
        ] {
            #expect(type.flaw != nil, "\(type)")
        }
    }

    @Test func `a field's extension type stands in its metadata`() throws {
        var field = ArrowField("id", .fixedSizeBinary(byteWidth: 16), metadata: ["a": "1"])
        #expect(field.extensionName == nil && field.extensionMetadata == nil)
        field.extensionName = "arrow.uuid"
        field.extensionMetadata = "x"
        let expected: ArrowMetadata = [
            "a": "1", "ARROW:extension:name": "arrow.uuid", "ARROW:extension:metadata": "x",
        ]
        #expect(field.metadata == expected)
        let message = ArrowIPC.encodeEncapsulatedSchema(ArrowSchema([field]))
        let read = try ArrowIPC.decodeEncapsulatedSchema(ArrowBuffer(message)).fields[0]
        #expect(read.extensionName == "arrow.uuid" && read.extensionMetadata == "x")
        field.extensionName = nil
        field.extensionMetadata = nil
        #expect(field.metadata == ["a": "1"])
    }

    @Test func `metadata is set, replaced and removed by key`() {
        var metadata: ArrowMetadata = ["a": "1", "b": "2", "a": "3"]
        #expect(metadata["a"] == "1")
        metadata["b"] = "4"
        metadata["c"] = "5"
        metadata["a"] = nil
        #expect(metadata == ["b": "4", "c": "5"])
        #expect(metadata["a"] == nil)
    }
}
