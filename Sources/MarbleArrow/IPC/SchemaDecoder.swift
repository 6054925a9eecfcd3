/// Reads a schema's metadata.
struct SchemaDecoder {
    /// How many bytes of strings may still be unfolded.
    private var budget: Int
    /// How many fields were read, nested ones included.
    private var fieldCount = 0
    /// The numbers of the dictionaries met, depth first.
    private var dictionaryIDs: [Int64] = []

    private init(byteCount: Int) {
        // Four times the message's size leaves room for strings that a writer shares.
        budget = byteCount * 4
    }

    static func decode(_ table: FlatBufferTable) throws(ArrowError) -> ArrowSchema {
        var decoder = SchemaDecoder(byteCount: table.bytes.count)
        return try decoder.decode(schema: table)
    }

    /// Keys and values that stand in a table besides a schema.
    static func metadata(
        of table: FlatBufferTable, _ slot: Int
    ) throws(ArrowError) -> ArrowMetadata {
        var decoder = SchemaDecoder(byteCount: table.bytes.count)
        return try decoder.metadata(table, slot)
    }

    private mutating func decode(schema table: FlatBufferTable) throws(ArrowError) -> ArrowSchema {
        typealias Slot = ArrowFormat.SchemaSlot
        guard try table.number(Slot.endianness, default: Int16(0)) == 0 else {
            throw ArrowError(
                .unsupportedFeature,
                "the schema says that values are big-endian, which is not supported; "
                    + "send little-endian data")
        }
        let vector = try table.vector(Slot.fields, elementByteCount: 4)
        try count(vector.count)
        var fields: [ArrowField] = []
        fields.reserveCapacity(vector.count)
        for index in 0..<vector.count {
            let field = try table.table(at: vector.position + index * 4)
            fields.append(try decode(field: field, depth: 1))
        }
        for field in fields {
            guard let flaw = field.type.flaw else { continue }
            throw ArrowError(.malformed, "column \"\(field.name)\": \(flaw)")
        }
        let metadata = try metadata(table, Slot.metadata)
        return ArrowSchema(checked: fields, metadata: metadata, dictionaryIDs: dictionaryIDs)
    }

    private mutating func count(_ added: Int) throws(ArrowError) {
        fieldCount += added
        guard fieldCount <= ArrowLimits.columnCountMax else {
            throw ArrowError(
                .limitExceeded,
                "the schema has \(fieldCount) columns or more, nested ones included; the limit is "
                    + "\(ArrowLimits.columnCountMax)")
        }
    }

    private mutating func decode(
        field: FlatBufferTable, depth: Int
    ) throws(ArrowError) -> ArrowField {
        typealias Slot = ArrowFormat.FieldSlot
        let name = try field.string(Slot.name, budget: &budget) ?? ""
        guard depth <= ArrowLimits.nestingDepthMax else {
            throw ArrowError(
                .limitExceeded,
                "column \"\(name)\" is nested more than \(ArrowLimits.nestingDepthMax) deep")
        }
        let dictionary = try field.table(Slot.dictionary)
        if let dictionary {
            dictionaryIDs.append(
                try dictionary.number(ArrowFormat.DictionarySlot.id, default: Int64(0)))
        }
        let vector = try field.vector(Slot.children, elementByteCount: 4)
        try count(vector.count)
        var children: [ArrowField] = []
        children.reserveCapacity(vector.count)
        for index in 0..<vector.count {
            let child = try field.table(at: vector.position + index * 4)
            children.append(try decode(field: child, depth: depth + 1))
        }
        var type = try type(of: field, column: name, children: children)
        if let dictionary { type = try Self.dictionary(dictionary, of: type, name) }
        return ArrowField(
            name, type, nullable: try field.number(Slot.nullable, default: UInt8(0)) != 0,
            metadata: try metadata(field, Slot.metadata))
    }

    private mutating func metadata(
        _ table: FlatBufferTable, _ slot: Int
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

    private mutating func type(
        of field: FlatBufferTable, column: String, children: [ArrowField]
    ) throws(ArrowError) -> ArrowType {
        let number = try field.number(ArrowFormat.FieldSlot.typeKind, default: UInt8(0))
        guard let kind = ArrowFormat.TypeKind(rawValue: number) else {
            throw Self.unknown(column, "type number \(number)")
        }
        guard let table = try field.table(ArrowFormat.FieldSlot.type) else {
            throw ArrowError(.malformed, "column \"\(column)\" has no type")
        }
        if let nested = try Self.nested(kind, table, column, children) { return nested }
        if kind == .timestamp {
            let unit = try Self.unit(table, default: 0, column)
            return .timestamp(unit, timezone: try table.string(1, budget: &budget))
        }
        return try Self.flat(kind, table, column)
    }
}

extension SchemaDecoder {
    private static func flat(
        _ kind: ArrowFormat.TypeKind, _ table: FlatBufferTable, _ column: String
    ) throws(ArrowError) -> ArrowType {
        switch kind {
        case .bool: return .bool
        case .utf8: return .utf8
        case .binary: return .binary
        case .largeUtf8: return .largeUtf8
        case .largeBinary: return .largeBinary
        case .utf8View: return .utf8View
        case .binaryView: return .binaryView
        case .int: return try integer(table, column)
        case .floatingPoint:
            switch try table.number(0, default: Int16(0)) {
            case 0: return .float16
            case 1: return .float32
            case 2: return .float64
            case let precision: throw unknown(column, "floating-point precision \(precision)")
            }
        case .fixedSizeBinary:
            return .fixedSizeBinary(byteWidth: Int(try table.number(0, default: Int32(0))))
        case .date:
            switch try table.number(0, default: Int16(1)) {
            case 0: return .date32
            case 1: return .date64
            case let unit: throw unknown(column, "date unit \(unit)")
            }
        case .time: return try time(table, column)
        case .duration: return .duration(try unit(table, default: 1, column))
        case .interval:
            let number = try table.number(0, default: Int16(0))
            guard let raw = UInt8(exactly: number), let unit = ArrowIntervalUnit(rawValue: raw)
            else { throw unknown(column, "interval unit \(number)") }
            return .interval(unit)
        case .decimal: return try decimal(table, column)
        default: return .null
        }
    }

    /// Nil if the kind is not one with children.
    private static func nested(
        _ kind: ArrowFormat.TypeKind, _ table: FlatBufferTable, _ column: String,
        _ children: [ArrowField]
    ) throws(ArrowError) -> ArrowType? {
        func expect(_ count: Int) throws(ArrowError) {
            guard children.count == count else {
                throw ArrowError(
                    .malformed,
                    "column \"\(column)\" has \(children.count) fields in a \(kind.name), "
                        + "which has \(count)")
            }
        }
        switch kind {
        case .struct: return .struct(children)
        case .union: return try union(table, column, children)
        case .runEndEncoded:
            try expect(2)
            return .runEndEncoded(runEnds: children[0], values: children[1])
        case .list, .largeList, .listView, .largeListView, .fixedSizeList, .map:
            try expect(1)
        default:
            try expect(0)
            return nil
        }
        switch kind {
        case .list: return .list(children[0])
        case .largeList: return .largeList(children[0])
        case .listView: return .listView(children[0])
        case .largeListView: return .largeListView(children[0])
        case .fixedSizeList:
            let size = try table.number(0, default: Int32(0))
            return .fixedSizeList(children[0], size: Int(size))
        default:
            let keysSorted = try table.number(0, default: UInt8(0)) != 0
            return .map(entries: children[0], keysSorted: keysSorted)
        }
    }

    private static func union(
        _ table: FlatBufferTable, _ column: String, _ children: [ArrowField]
    ) throws(ArrowError) -> ArrowType {
        let number = try table.number(0, default: Int16(0))
        guard let raw = UInt8(exactly: number), let mode = ArrowUnionType.Mode(rawValue: raw)
        else { throw unknown(column, "union mode \(number)") }
        let vector = try table.vector(1, elementByteCount: 4)
        guard children.count <= 128 && (vector.count == 0 || vector.count == children.count) else {
            throw ArrowError(
                .malformed,
                "column \"\(column)\" is a union of \(children.count) fields with "
                    + "\(vector.count) type numbers")
        }
        var typeIDs: [Int8] = []
        for index in 0..<vector.count {
            let number = try FlatBufferTable.read(
                Int32.self, table.bytes, at: vector.position + index * 4)
            guard let typeID = Int8(exactly: number) else {
                throw unknown(column, "type number \(number) of a union")
            }
            typeIDs.append(typeID)
        }
        return .union(
            ArrowUnionType(mode, children, typeIDs: vector.count == 0 ? nil : typeIDs))
    }

    private static func dictionary(
        _ table: FlatBufferTable, of value: ArrowType, _ column: String
    ) throws(ArrowError) -> ArrowType {
        typealias Slot = ArrowFormat.DictionarySlot
        let index = try table.table(Slot.indexType).map { table throws(ArrowError) in
            try integer(table, column)
        }
        guard try table.number(Slot.kind, default: Int16(0)) == 0 else {
            throw unknown(column, "kind of dictionary")
        }
        return .dictionary(
            index: index ?? .int32, value: value,
            isOrdered: try table.number(Slot.isOrdered, default: UInt8(0)) != 0)
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
        default: throw unknown(column, "integer of \(bitWidth) bits")
        }
    }

    private static func time(
        _ table: FlatBufferTable, _ column: String
    ) throws(ArrowError) -> ArrowType {
        let unit = try unit(table, default: 1, column)
        switch try table.number(1, default: Int32(32)) {
        case 32: return .time32(unit)
        case 64: return .time64(unit)
        case let bitWidth: throw unknown(column, "time of \(bitWidth) bits")
        }
    }

    private static func decimal(
        _ table: FlatBufferTable, _ column: String
    ) throws(ArrowError) -> ArrowType {
        let precision = Int(try table.number(0, default: Int32(0)))
        let scale = Int(try table.number(1, default: Int32(0)))
        switch try table.number(2, default: Int32(128)) {
        case 32: return .decimal32(precision: precision, scale: scale)
        case 64: return .decimal64(precision: precision, scale: scale)
        case 128: return .decimal128(precision: precision, scale: scale)
        case 256: return .decimal256(precision: precision, scale: scale)
        case let bitWidth: throw unknown(column, "decimal of \(bitWidth) bits")
        }
    }

    private static func unit(
        _ table: FlatBufferTable, default value: Int16, _ column: String
    ) throws(ArrowError) -> ArrowTimeUnit {
        let number = try table.number(0, default: value)
        guard let raw = UInt8(exactly: number), let unit = ArrowTimeUnit(rawValue: raw) else {
            throw unknown(column, "time unit \(number)")
        }
        return unit
    }

    private static func unknown(_ column: String, _ what: String) -> ArrowError {
        ArrowError(
            .unsupportedType,
            "column \"\(column)\" has the unknown \(what); it is damaged, or of a later version of "
                + "the format than 1.5: cast the column to another type")
    }
}
