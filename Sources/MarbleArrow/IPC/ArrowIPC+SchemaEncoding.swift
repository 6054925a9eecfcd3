extension ArrowIPC {
    /// The metadata of a schema message, as Flight's first `data_header` carries it.
    public static func encodeSchema(_ schema: ArrowSchema) -> [UInt8] {
        var builder = FlatBufferBuilder()
        let table = encode(schema, &builder)
        let message = builder.table { builder in
            builder.add(ArrowFormat.MessageSlot.bodyLength, Int64(0))
            builder.add(ArrowFormat.MessageSlot.header, table)
            builder.add(ArrowFormat.MessageSlot.version, ArrowFormat.version5)
            builder.add(ArrowFormat.MessageSlot.headerKind, ArrowFormat.Header.schema)
        }
        return builder.finish(root: message)
    }

    /// Writes the table of a schema.
    static func encode(
        _ schema: ArrowSchema, _ builder: inout FlatBufferBuilder
    ) -> FlatBufferBuilder.Reference {
        var fields: [FlatBufferBuilder.Reference] = []
        var ids = schema.dictionaries.map(\.id)[...]
        for field in schema.fields { fields.append(encode(field, &ids, &builder)) }
        let fieldVector = builder.vector(fields)
        let metadata = encode(schema.metadata, &builder)
        return builder.table { builder in
            builder.add(ArrowFormat.SchemaSlot.fields, fieldVector)
            if let metadata { builder.add(ArrowFormat.SchemaSlot.metadata, metadata) }
            builder.add(ArrowFormat.SchemaSlot.endianness, Int16(0))
        }
    }

    /// A schema as an encapsulated message: what begins an IPC stream, and what Flight's
    /// `FlightInfo.schema` and `SchemaResult.schema` hold.
    public static func encodeEncapsulatedSchema(_ schema: ArrowSchema) -> [UInt8] {
        encapsulate(encodeSchema(schema))
    }

    /// Reads a schema from an encapsulated message, the reverse of `encodeEncapsulatedSchema`.
    /// Throws `malformed` if it is not one, and whatever `decodeMessage` throws.
    public static func decodeEncapsulatedSchema(
        _ bytes: ArrowBuffer
    ) throws(ArrowError) -> ArrowSchema {
        var reader = ArrowStreamReader()
        reader.append(bytes)
        guard case .schema(let schema)? = try reader.next() else {
            throw ArrowError(.malformed, "the bytes are no complete schema message")
        }
        return schema
    }

    /// Metadata preceded by the continuation marker and its size, padded to 8 bytes.
    static func encapsulate(_ metadata: [UInt8]) -> [UInt8] {
        let padding = ArrowFormat.padding(after: metadata.count)
        var message: [UInt8] = []
        message.reserveCapacity(ArrowFormat.prefixByteCount + metadata.count + padding)
        withUnsafeBytes(of: ArrowFormat.continuation.littleEndian) {
            message.append(contentsOf: $0)
        }
        withUnsafeBytes(of: Int32(metadata.count + padding).littleEndian) {
            message.append(contentsOf: $0)
        }
        message.append(contentsOf: metadata)
        message.append(contentsOf: repeatElement(0, count: padding))
        return message
    }

    /// Writes a field. `ids` are the numbers of the dictionaries to come, depth first.
    private static func encode(
        _ field: ArrowField, _ ids: inout ArraySlice<Int64>, _ builder: inout FlatBufferBuilder
    ) -> FlatBufferBuilder.Reference {
        let name = builder.string(field.name)
        let metadata = encode(field.metadata, &builder)
        var type = field.type
        var dictionary: FlatBufferBuilder.Reference?
        if case .dictionary(let index, let value, let isOrdered) = type {
            dictionary = encode(
                dictionary: ids.popFirst() ?? 0, index: index, isOrdered: isOrdered, &builder)
            type = value
        }
        var children: [FlatBufferBuilder.Reference] = []
        for child in type.children { children.append(encode(child, &ids, &builder)) }
        // C++ and others demand the vector of children even where there can be none.
        let childVector = builder.vector(children)
        let (kind, table) = encode(type, &builder)
        return builder.table { builder in
            builder.add(ArrowFormat.FieldSlot.name, name)
            builder.add(ArrowFormat.FieldSlot.type, table)
            builder.add(ArrowFormat.FieldSlot.children, childVector)
            if let dictionary { builder.add(ArrowFormat.FieldSlot.dictionary, dictionary) }
            if let metadata { builder.add(ArrowFormat.FieldSlot.metadata, metadata) }
            builder.add(ArrowFormat.FieldSlot.typeKind, kind.rawValue)
            builder.add(ArrowFormat.FieldSlot.nullable, UInt8(field.nullable ? 1 : 0))
        }
    }

    private static func encode(
        dictionary id: Int64, index: ArrowType, isOrdered: Bool, _ builder: inout FlatBufferBuilder
    ) -> FlatBufferBuilder.Reference {
        let (_, indexType) = encode(index, &builder)
        return builder.table { builder in
            builder.add(ArrowFormat.DictionarySlot.id, id)
            builder.add(ArrowFormat.DictionarySlot.indexType, indexType)
            builder.add(ArrowFormat.DictionarySlot.isOrdered, UInt8(isOrdered ? 1 : 0))
        }
    }

    static func encode(
        _ metadata: ArrowMetadata, _ builder: inout FlatBufferBuilder
    ) -> FlatBufferBuilder.Reference? {
        if metadata.isEmpty { return nil }
        var entries: [FlatBufferBuilder.Reference] = []
        for entry in metadata.entries {
            let key = builder.string(entry.key)
            let value = builder.string(entry.value)
            entries.append(
                builder.table { builder in
                    builder.add(ArrowFormat.KeyValueSlot.key, key)
                    builder.add(ArrowFormat.KeyValueSlot.value, value)
                })
        }
        return builder.vector(entries)
    }

    private static func encode(
        _ type: ArrowType, _ builder: inout FlatBufferBuilder
    ) -> (ArrowFormat.TypeKind, FlatBufferBuilder.Reference) {
        switch type {
        case .int8: (.int, integer(8, signed: true, &builder))
        case .int16: (.int, integer(16, signed: true, &builder))
        case .int32: (.int, integer(32, signed: true, &builder))
        case .int64: (.int, integer(64, signed: true, &builder))
        case .uint8: (.int, integer(8, signed: false, &builder))
        case .uint16: (.int, integer(16, signed: false, &builder))
        case .uint32: (.int, integer(32, signed: false, &builder))
        case .uint64: (.int, integer(64, signed: false, &builder))
        case .float16: (.floatingPoint, builder.table { $0.add(0, Int16(0)) })
        case .float32: (.floatingPoint, builder.table { $0.add(0, Int16(1)) })
        case .float64: (.floatingPoint, builder.table { $0.add(0, Int16(2)) })
        case .fixedSizeBinary(let byteWidth):
            (.fixedSizeBinary, builder.table { $0.add(0, Int32(byteWidth)) })
        case .date32: (.date, builder.table { $0.add(0, Int16(0)) })
        case .date64: (.date, builder.table { $0.add(0, Int16(1)) })
        case .time32(let unit): (.time, time(unit, bitWidth: 32, &builder))
        case .time64(let unit): (.time, time(unit, bitWidth: 64, &builder))
        case .timestamp(let unit, let zone): (.timestamp, timestamp(unit, zone, &builder))
        case .duration(let unit):
            (.duration, builder.table { $0.add(0, Int16(unit.rawValue)) })
        case .interval(let unit):
            (.interval, builder.table { $0.add(0, Int16(unit.rawValue)) })
        case .decimal32(let precision, let scale):
            (.decimal, decimal(32, precision, scale, &builder))
        case .decimal64(let precision, let scale):
            (.decimal, decimal(64, precision, scale, &builder))
        case .decimal128(let precision, let scale):
            (.decimal, decimal(128, precision, scale, &builder))
        case .decimal256(let precision, let scale):
            (.decimal, decimal(256, precision, scale, &builder))
        case .fixedSizeList(_, let size):
            (.fixedSizeList, builder.table { $0.add(0, Int32(size)) })
        case .map(_, let keysSorted):
            (.map, builder.table { $0.add(0, UInt8(keysSorted ? 1 : 0)) })
        case .union(let type): (.union, union(type, &builder))
        default: (plainKind(type), builder.table { _ in })
        }
    }

    /// The kinds that have nothing to say about themselves.
    private static func plainKind(_ type: ArrowType) -> ArrowFormat.TypeKind {
        switch type {
        case .bool: .bool
        case .utf8: .utf8
        case .binary: .binary
        case .largeUtf8: .largeUtf8
        case .largeBinary: .largeBinary
        case .utf8View: .utf8View
        case .binaryView: .binaryView
        case .list: .list
        case .largeList: .largeList
        case .listView: .listView
        case .largeListView: .largeListView
        case .struct: .struct
        case .runEndEncoded: .runEndEncoded
        default: .null
        }
    }

    private static func integer(
        _ bitWidth: Int32, signed: Bool, _ builder: inout FlatBufferBuilder
    ) -> FlatBufferBuilder.Reference {
        builder.table { builder in
            builder.add(0, bitWidth)
            builder.add(1, UInt8(signed ? 1 : 0))
        }
    }

    private static func time(
        _ unit: ArrowTimeUnit, bitWidth: Int32, _ builder: inout FlatBufferBuilder
    ) -> FlatBufferBuilder.Reference {
        builder.table { builder in
            builder.add(1, bitWidth)
            builder.add(0, Int16(unit.rawValue))
        }
    }

    private static func timestamp(
        _ unit: ArrowTimeUnit, _ timezone: String?, _ builder: inout FlatBufferBuilder
    ) -> FlatBufferBuilder.Reference {
        let zone = timezone.map { builder.string($0) }
        return builder.table { builder in
            if let zone { builder.add(1, zone) }
            builder.add(0, Int16(unit.rawValue))
        }
    }

    private static func decimal(
        _ bitWidth: Int32, _ precision: Int, _ scale: Int, _ builder: inout FlatBufferBuilder
    ) -> FlatBufferBuilder.Reference {
        builder.table { builder in
            builder.add(0, Int32(precision))
            builder.add(1, Int32(scale))
            builder.add(2, bitWidth)
        }
    }

    private static func union(
        _ type: ArrowUnionType, _ builder: inout FlatBufferBuilder
    ) -> FlatBufferBuilder.Reference {
        let typeIDs = builder.vector(numbers: type.typeIDs.map { Int32($0) })
        return builder.table { builder in
            builder.add(1, typeIDs)
            builder.add(0, Int16(type.mode.rawValue))
        }
    }
}
