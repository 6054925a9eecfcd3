/// Reads a schema's metadata.
enum SchemaDecoder {
    static func decode(_ table: FlatBufferTable) throws(ArrowError) -> ArrowSchema {
        typealias Slot = ArrowFormat.SchemaSlot
        guard try table.number(Slot.endianness, default: Int16(0)) == 0 else {
            throw ArrowError(
                .unsupportedFeature,
                "the schema says that values are big-endian, which is not supported; "
                    + "send little-endian data")
        }
        // Four times the message's size leaves room for strings that a writer shares.
        var budget = table.bytes.count * 4
        let vector = try table.vector(Slot.fields, elementByteCount: 4)
        guard vector.count <= ArrowLimits.columnCountMax else {
            throw ArrowError(
                .limitExceeded,
                "the schema has \(vector.count) columns; the limit is \(ArrowLimits.columnCountMax)"
            )
        }
        var fields: [ArrowField] = []
        fields.reserveCapacity(vector.count)
        for index in 0..<vector.count {
            let field = try table.table(at: vector.position + index * 4)
            fields.append(try decode(field: field, budget: &budget))
        }
        return ArrowSchema(fields, metadata: try metadata(table, Slot.metadata, &budget))
    }

    private static func decode(
        field: FlatBufferTable, budget: inout Int
    ) throws(ArrowError) -> ArrowField {
        typealias Slot = ArrowFormat.FieldSlot
        let name = try field.string(Slot.name, budget: &budget) ?? ""
        guard try field.table(Slot.dictionary) == nil else {
            throw ArrowError(
                .unsupportedType,
                "column \"\(name)\" is dictionary-encoded, which is not supported; send it plain "
                    + "(in pyarrow: column.dictionary_decode(), or cast it to its value type)")
        }
        let type = try type(of: field, column: name, budget: &budget)
        if let flaw = type.flaw { throw ArrowError(.malformed, "column \"\(name)\": \(flaw)") }
        return ArrowField(
            name, type, nullable: try field.number(Slot.nullable, default: UInt8(0)) != 0,
            metadata: try metadata(field, Slot.metadata, &budget))
    }

    private static func metadata(
        _ table: FlatBufferTable, _ slot: Int, _ budget: inout Int
    ) throws(ArrowError) -> ArrowMetadata {
        let vector = try table.vector(slot, elementByteCount: 4)
        try FlatBufferTable.spend(vector.count * 4, of: &budget)
        var entries: [ArrowMetadata.Entry] = []
        entries.reserveCapacity(vector.count)
        for index in 0..<vector.count {
            let entry = try table.table(at: vector.position + index * 4)
            let key = try entry.string(ArrowFormat.KeyValueSlot.key, budget: &budget) ?? ""
            let value = try entry.string(ArrowFormat.KeyValueSlot.value, budget: &budget) ?? ""
            entries.append(ArrowMetadata.Entry(key: key, value: value))
        }
        return ArrowMetadata(entries)
    }

    private static func type(
        of field: FlatBufferTable, column: String, budget: inout Int
    ) throws(ArrowError) -> ArrowType {
        let number = try field.number(ArrowFormat.FieldSlot.typeKind, default: UInt8(0))
        guard let kind = ArrowFormat.TypeKind(rawValue: number) else {
            throw unsupported(column, "the unknown type number \(number)")
        }
        guard let table = try field.table(ArrowFormat.FieldSlot.type) else {
            throw ArrowError(.malformed, "column \"\(column)\" has no type")
        }
        switch kind {
        case .bool: return .bool
        case .utf8: return .utf8
        case .binary: return .binary
        case .largeUtf8: return .largeUtf8
        case .largeBinary: return .largeBinary
        case .int: return try integer(table, column)
        case .floatingPoint:
            switch try table.number(0, default: Int16(0)) {
            case 0: return .float16
            case 1: return .float32
            case 2: return .float64
            case let precision: throw unsupported(column, "FloatingPoint(precision \(precision))")
            }
        case .fixedSizeBinary:
            return .fixedSizeBinary(byteWidth: Int(try table.number(0, default: Int32(0))))
        case .date:
            switch try table.number(0, default: Int16(1)) {
            case 0: return .date32
            case 1: return .date64
            case let unit: throw unsupported(column, "Date(unit \(unit))")
            }
        case .time: return try time(table, column)
        case .timestamp:
            let unit = try unit(table, default: 0, column)
            return .timestamp(unit, timezone: try table.string(1, budget: &budget))
        case .decimal: return try decimal(table, column)
        default: throw unsupported(column, "the type \(kind.name)")
        }
    }

    private static func integer(
        _ table: FlatBufferTable, _ column: String
    ) throws(ArrowError) -> ArrowType {
        let bitWidth = try table.number(0, default: Int32(0))
        let isSigned = try table.number(1, default: UInt8(0)) != 0
        switch (bitWidth, isSigned) {
        case (8, true): return .int8
        case (16, true): return .int16
        case (32, true): return .int32
        case (64, true): return .int64
        case (8, false): return .uint8
        case (16, false): return .uint16
        case (32, false): return .uint32
        case (64, false): return .uint64
        default: throw unsupported(column, "Int(\(bitWidth) bits)")
        }
    }

    private static func time(
        _ table: FlatBufferTable, _ column: String
    ) throws(ArrowError) -> ArrowType {
        let unit = try unit(table, default: 1, column)
        switch try table.number(1, default: Int32(32)) {
        case 32: return .time32(unit)
        case 64: return .time64(unit)
        case let bitWidth: throw unsupported(column, "Time(\(bitWidth) bits)")
        }
    }

    private static func decimal(
        _ table: FlatBufferTable, _ column: String
    ) throws(ArrowError) -> ArrowType {
        let precision = try table.number(0, default: Int32(0))
        let scale = try table.number(1, default: Int32(0))
        let bitWidth = try table.number(2, default: Int32(128))
        guard bitWidth == 128 else { throw unsupported(column, "Decimal(\(bitWidth) bits)") }
        return .decimal128(precision: Int(precision), scale: Int(scale))
    }

    private static func unit(
        _ table: FlatBufferTable, default value: Int16, _ column: String
    ) throws(ArrowError) -> ArrowTimeUnit {
        let number = try table.number(0, default: value)
        guard let raw = UInt8(exactly: number), let unit = ArrowTimeUnit(rawValue: raw) else {
            throw ArrowError(.malformed, "column \"\(column)\" has the unknown time unit \(number)")
        }
        return unit
    }

    private static func unsupported(_ column: String, _ type: String) -> ArrowError {
        ArrowError(
            .unsupportedType,
            "column \"\(column)\" has \(type), which is not supported; supported are bool, integers"
                + " and floats of up to 64 bits, utf8 and binary (also large), fixed-size binary, "
                + "date, time, timestamp and decimal128: cast the column to one of them")
    }
}
