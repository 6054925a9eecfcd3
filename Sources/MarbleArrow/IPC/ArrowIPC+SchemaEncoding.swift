extension ArrowIPC {
    /// The metadata of a schema message, as Flight's first `data_header` carries it.
    public static func encodeSchema(_ schema: ArrowSchema) -> [UInt8] {
        var builder = FlatBufferBuilder()
        var fields: [FlatBufferBuilder.Reference] = []
        for field in schema.fields { fields.append(encode(field, &builder)) }
        let fieldVector = builder.vector(fields)
        let metadata = encode(schema.metadata, &builder)
        let table = builder.table { builder in
            builder.add(ArrowFormat.SchemaSlot.fields, fieldVector)
            if let metadata { builder.add(ArrowFormat.SchemaSlot.metadata, metadata) }
            builder.add(ArrowFormat.SchemaSlot.endianness, Int16(0))
        }
        let message = builder.table { builder in
            builder.add(ArrowFormat.MessageSlot.bodyLength, Int64(0))
            builder.add(ArrowFormat.MessageSlot.header, table)
            builder.add(ArrowFormat.MessageSlot.version, ArrowFormat.version5)
            builder.add(ArrowFormat.MessageSlot.headerKind, ArrowFormat.Header.schema)
        }
        return builder.finish(root: message)
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

    private static func encode(
        _ field: ArrowField, _ builder: inout FlatBufferBuilder
    ) -> FlatBufferBuilder.Reference {
        let name = builder.string(field.name)
        let metadata = encode(field.metadata, &builder)
        // C++ and others demand the vector of children even where there can be none.
        let children = builder.vector([])
        let (kind, type) = encode(field.type, &builder)
        return builder.table { builder in
            builder.add(ArrowFormat.FieldSlot.name, name)
            builder.add(ArrowFormat.FieldSlot.type, type)
            builder.add(ArrowFormat.FieldSlot.children, children)
            if let metadata { builder.add(ArrowFormat.FieldSlot.metadata, metadata) }
            builder.add(ArrowFormat.FieldSlot.typeKind, kind.rawValue)
            builder.add(ArrowFormat.FieldSlot.nullable, UInt8(field.nullable ? 1 : 0))
        }
    }

    private static func encode(
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
        case .bool: return (.bool, builder.table { _ in })
        case .utf8: return (.utf8, builder.table { _ in })
        case .binary: return (.binary, builder.table { _ in })
        case .largeUtf8: return (.largeUtf8, builder.table { _ in })
        case .largeBinary: return (.largeBinary, builder.table { _ in })
        case .int8: return (.int, integer(8, signed: true, &builder))
        case .int16: return (.int, integer(16, signed: true, &builder))
        case .int32: return (.int, integer(32, signed: true, &builder))
        case .int64: return (.int, integer(64, signed: true, &builder))
        case .uint8: return (.int, integer(8, signed: false, &builder))
        case .uint16: return (.int, integer(16, signed: false, &builder))
        case .uint32: return (.int, integer(32, signed: false, &builder))
        case .uint64: return (.int, integer(64, signed: false, &builder))
        case .float16: return (.floatingPoint, builder.table { $0.add(0, Int16(0)) })
        case .float32: return (.floatingPoint, builder.table { $0.add(0, Int16(1)) })
        case .float64: return (.floatingPoint, builder.table { $0.add(0, Int16(2)) })
        case .fixedSizeBinary(let byteWidth):
            return (.fixedSizeBinary, builder.table { $0.add(0, Int32(byteWidth)) })
        case .date32: return (.date, builder.table { $0.add(0, Int16(0)) })
        case .date64: return (.date, builder.table { $0.add(0, Int16(1)) })
        case .time32(let unit): return (.time, time(unit, bitWidth: 32, &builder))
        case .time64(let unit): return (.time, time(unit, bitWidth: 64, &builder))
        case .timestamp(let unit, let timezone):
            let zone = timezone.map { builder.string($0) }
            let table = builder.table { builder in
                if let zone { builder.add(1, zone) }
                builder.add(0, Int16(unit.rawValue))
            }
            return (.timestamp, table)
        case .decimal128(let precision, let scale):
            let table = builder.table { builder in
                builder.add(0, Int32(precision))
                builder.add(1, Int32(scale))
                builder.add(2, Int32(128))
            }
            return (.decimal, table)
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
}
