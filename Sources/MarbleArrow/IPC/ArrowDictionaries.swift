/// The dictionaries of a stream, as its dictionary batches have made them so far (Arrow columnar
/// format, "Dictionary Messages").
public struct ArrowDictionaries: Sendable {
    private struct Entry {
        /// The values, in the order in which they came.
        var pieces: [ArrowArray]
        var byteCount: Int
    }

    private var entries: [Int64: Entry] = [:]
    private var byteCount = 0
    private let byteCountMax: Int

    /// Begins without any. Dictionaries that take more than `byteCountMax` bytes together are
    /// refused with `limitExceeded`.
    public init(byteCountMax: Int = Int.max) {
        self.byteCountMax = byteCountMax
    }

    /// Takes the values of a dictionary batch: its columns are views of `body`, nothing is copied
    /// unless it is compressed.
    ///
    /// Throws `malformed` if it doesn't keep to the format or if the schema has no such dictionary,
    /// and `limitExceeded`.
    public mutating func read(
        _ header: DictionaryBatchHeader, body: ArrowBuffer, schema: ArrowSchema,
        validation: ArrowValidation = .full,
        uncompressedByteCountMax: Int = ArrowLimits.uncompressedByteCountMax
    ) throws(ArrowError) {
        guard let position = schema.dictionaries.firstIndex(where: { $0.id == header.id }) else {
            throw ArrowError(
                .malformed, "a dictionary batch has the number \(header.id), which no column has")
        }
        // Only values with dictionaries of their own look at others.
        if schema.dictionaries[position].nestedCount > 0 { try settle() }
        var reader = try RecordBatchReader(
            header: header.values, body: body, schema: schema, dictionaries: self,
            dictionary: position + 1, validation: validation,
            uncompressedByteCountMax: uncompressedByteCountMax)
        let values = try reader.column(
            type: schema.dictionaries[position].valueType, nullable: true,
            name: "dictionary \(header.id)")
        try reader.finish()
        let old = entries[header.id]
        let added = values.byteCount
        let replaced = header.isDelta ? 0 : old?.byteCount ?? 0
        guard added <= byteCountMax - (byteCount - replaced) else {
            throw ArrowError(
                .limitExceeded,
                "the stream's dictionaries have more than \(byteCountMax) bytes together; "
                    + "send fewer values at a time, or plain columns")
        }
        byteCount += added - replaced
        if header.isDelta, let old {
            entries[header.id] = Entry(
                pieces: old.pieces + [values], byteCount: old.byteCount + added)
        } else {
            entries[header.id] = Entry(pieces: [values], byteCount: added)
        }
    }

    /// A dictionary's values, or nil if none have come. Call `settle` before.
    func values(of id: Int64) -> ArrowArray? {
        entries[id]?.pieces.first
    }

    /// Joins the pieces of dictionaries that have grown.
    mutating func settle() throws(ArrowError) {
        for (id, entry) in entries where entry.pieces.count > 1 {
            entries[id]?.pieces = [try ArrowArray.concatenate(entry.pieces)]
        }
    }
}

extension ArrowIPC {
    /// Reads a record batch of a schema that may have dictionary columns, whose values have come in
    /// dictionary batches before. Nothing is copied, unless a dictionary has grown.
    ///
    /// Checks and throws as the method without `dictionaries`; an index that the dictionary doesn't
    /// have is `malformed`.
    public static func decodeRecordBatch(
        header: RecordBatchHeader, body: ArrowBuffer, schema: ArrowSchema,
        dictionaries: inout ArrowDictionaries, validation: ArrowValidation = .full,
        uncompressedByteCountMax: Int = ArrowLimits.uncompressedByteCountMax
    ) throws(ArrowError) -> ArrowRecordBatch {
        try dictionaries.settle()
        var reader = try RecordBatchReader(
            header: header, body: body, schema: schema, dictionaries: dictionaries, dictionary: 0,
            validation: validation, uncompressedByteCountMax: uncompressedByteCountMax)
        var columns: [ArrowArray] = []
        columns.reserveCapacity(schema.fields.count)
        for field in schema.fields {
            columns.append(
                try reader.column(type: field.type, nullable: field.nullable, name: field.name))
        }
        try reader.finish()
        return ArrowRecordBatch(checked: schema, rowCount: header.rowCount, columns: columns)
    }
}
