/// Goes through a record batch's columns, nested ones depth first, as the format orders them.
struct RecordBatchReader {
    private let header: RecordBatchHeader
    private let body: ArrowBuffer
    private let schema: ArrowSchema
    private let dictionaries: ArrowDictionaries
    private let validation: ArrowValidation
    private var node = 0
    private var buffer = 0
    private var variadic = 0
    /// The next of the schema's dictionaries.
    private var dictionary: Int

    init(
        header: RecordBatchHeader, body: ArrowBuffer, schema: ArrowSchema,
        dictionaries: ArrowDictionaries, dictionary: Int, validation: ArrowValidation,
        uncompressedByteCountMax: Int
    ) throws(ArrowError) {
        guard header.bodyByteCount <= body.count else {
            throw ArrowError(
                .malformed,
                "a record batch claims a body of \(header.bodyByteCount) bytes, but has "
                    + "\(body.count); it is cut off")
        }
        (self.header, self.body) = try ArrowIPC.decompress(
            header: header, body: body, byteCountMax: uncompressedByteCountMax)
        self.schema = schema
        self.dictionaries = dictionaries
        self.dictionary = dictionary
        self.validation = validation
    }

    /// Reads the next column of the batch, which must have as many values as the batch has rows.
    mutating func column(
        type: ArrowType, nullable: Bool, name: @autoclosure () -> String
    ) throws(ArrowError) -> ArrowArray {
        if node < header.nodeCount {
            let length = header.node(node).length
            guard length == header.rowCount else {
                throw ArrowArrayCheck.malformed(
                    name(), "has a length of \(length) in a batch of \(header.rowCount) rows")
            }
        }
        return try array(type: type, nullable: nullable, name: name())
    }

    /// Throws `malformed` if the batch has more than what was read.
    func finish() throws(ArrowError) {
        guard node == header.nodeCount && buffer == header.bufferCount else {
            throw ArrowIPC.wrongShape(header, schema)
        }
    }

    private mutating func array(
        type: ArrowType, nullable: Bool, name: @autoclosure () -> String
    ) throws(ArrowError) -> ArrowArray {
        guard node < header.nodeCount else { throw ArrowIPC.wrongShape(header, schema) }
        let (length, nullCount) = header.node(node)
        node += 1
        guard length >= 0 && length <= ArrowLimits.rowCountMax else {
            throw ArrowArrayCheck.malformed(name(), "has a length of \(length)")
        }
        let column = ArrowSchema.Column(type, nullable: nullable)
        let check = ArrowArrayCheck(
            column: column, length: Int(length), claimedNullCount: Int(nullCount),
            level: validation)
        if column.layout.isFlat { return try flat(type, column, check, name()) }
        var parts = ArrowNestedParts()
        if column.layout.hasValidity {
            parts.validity = try nextBuffer(name())
        } else if header.hasUnionValidity, case .union = type {
            _ = try nextBuffer(name())
            guard nullCount == 0 else {
                throw ArrowError(
                    .unsupportedFeature,
                    "column \"\(name())\" is a union with nulls of its own, as before version V5; "
                        + "write it with V5")
            }
        }
        var buffers: [ArrowBuffer] = []
        for _ in 0..<column.layout.bufferCount - (column.layout.hasValidity ? 1 : 0) {
            buffers.append(try nextBuffer(name()))
        }
        parts.place(buffers, column.layout)
        switch type {
        case .null: return .nulls(Int(length))
        case .utf8View, .binaryView: parts.data = try viewedBuffers(name())
        case .dictionary(_, let value, _):
            parts.dictionary = try nextDictionary(of: value, name())
        default:
            for field in type.children {
                parts.children.append(
                    try array(
                        type: field.type, nullable: true, name: "\(name()).\(field.name)"))
            }
        }
        return try check.run(nested: parts, type: type, name: name())
    }

    private mutating func flat(
        _ type: ArrowType, _ column: ArrowSchema.Column, _ check: ArrowArrayCheck,
        _ name: @autoclosure () -> String
    ) throws(ArrowError) -> ArrowArray {
        let validity = try nextBuffer(name())
        let offsets =
            column.layout.bufferCount == 3 ? try nextBuffer(name()) : ArrowBuffer.empty
        let values = try nextBuffer(name())
        let nullCount = try check.run(
            validity: validity, offsets: offsets, values: values, name: name())
        return ArrowArray(
            type: type, column: column, length: check.length, nullCount: nullCount,
            owner: body.owner, validity: validity, offsets: offsets, values: values)
    }

    private mutating func nextBuffer(
        _ name: @autoclosure () -> String
    ) throws(ArrowError) -> ArrowBuffer {
        guard buffer < header.bufferCount else { throw ArrowIPC.wrongShape(header, schema) }
        buffer += 1
        return try ArrowIPC.buffer(buffer - 1, header, body, name: name())
    }

    private mutating func viewedBuffers(
        _ name: @autoclosure () -> String
    ) throws(ArrowError) -> [ArrowBuffer] {
        guard variadic < header.variadicCount else {
            throw ArrowArrayCheck.malformed(name(), "doesn't say how many buffers its views have")
        }
        let count = header.variadicBufferCount(variadic)
        variadic += 1
        guard count >= 0 && count <= header.bufferCount - buffer else {
            throw ArrowArrayCheck.malformed(name(), "claims \(count) buffers of views")
        }
        var buffers: [ArrowBuffer] = []
        buffers.reserveCapacity(Int(count))
        for _ in 0..<count { buffers.append(try nextBuffer(name())) }
        return buffers
    }

    private mutating func nextDictionary(
        of value: ArrowType, _ name: @autoclosure () -> String
    ) throws(ArrowError) -> ArrowArray {
        let entry = schema.dictionaries[dictionary]
        dictionary += 1 + entry.nestedCount
        guard let values = dictionaries.values(of: entry.id) else {
            // Columns without any value need no dictionary.
            return .empty(value)
        }
        guard values.type == value else {
            throw ArrowArrayCheck.malformed(
                name(), "has values of \(value), but its dictionary is of \(values.type)")
        }
        return values
    }
}
