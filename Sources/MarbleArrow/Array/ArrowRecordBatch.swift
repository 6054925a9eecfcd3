/// Rows of a schema: one array a column, all of the same length.
public struct ArrowRecordBatch: Sendable {
    /// The columns' names and types.
    public let schema: ArrowSchema
    /// How many rows there are.
    public let rowCount: Int
    /// The columns' values, in the order of the schema's fields.
    public let columns: [ArrowArray]

    /// Trusts its arguments.
    init(checked schema: ArrowSchema, rowCount: Int, columns: [ArrowArray]) {
        self.schema = schema
        self.rowCount = rowCount
        self.columns = columns
    }

    /// Makes a batch of columns. Throws `invalidArgument` if the columns are not those of the
    /// schema, are not of equal length, or hold nulls where the schema allows none.
    public init(schema: ArrowSchema, columns: [ArrowArray]) throws(ArrowError) {
        let fields = schema.fields
        guard fields.count == columns.count else {
            throw ArrowError(
                .invalidArgument,
                "the schema has \(fields.count) columns, but \(columns.count) were given")
        }
        let rowCount = columns.first?.length ?? 0
        for (field, column) in zip(fields, columns) {
            guard field.type.matches(column.type) else {
                throw ArrowError(
                    .invalidArgument,
                    "column \"\(field.name)\" is \(field.type), but \(column.type) was given")
            }
            guard column.length == rowCount else {
                throw ArrowError(
                    .invalidArgument,
                    "column \"\(field.name)\" has \(column.length) values, others have \(rowCount)")
            }
            guard field.nullable || column.markedNullCount == 0 else {
                throw ArrowError(
                    .invalidArgument,
                    "column \"\(field.name)\" may not hold nulls, but has \(column.nullCount)")
            }
        }
        self.init(checked: schema, rowCount: rowCount, columns: columns)
    }

    /// The batch without rows.
    public static func empty(_ schema: ArrowSchema) -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(schema: schema)
        return builder.finish()
    }

    /// The first column with the name, or nil.
    public func column(_ name: String) -> ArrowArray? {
        schema.index(of: name).map { columns[$0] }
    }

    /// Rows `offset ..< offset + length`, sharing the memory. Traps if there are no such rows.
    public func slice(offset: Int, length: Int) -> ArrowRecordBatch {
        precondition(
            offset >= 0 && length >= 0 && offset <= rowCount && length <= rowCount - offset,
            "rows \(offset) ..< \(offset) + \(length) of \(rowCount)")
        if length == rowCount { return self }
        return ArrowRecordBatch(
            checked: schema, rowCount: length,
            columns: columns.map { $0.slice(offset: offset, length: length) })
    }

    /// The columns at these positions, in this order, sharing the memory.
    /// Traps if there is no such position.
    public func select(_ positions: [Int]) -> ArrowRecordBatch {
        ArrowRecordBatch(
            checked: schema.select(positions), rowCount: rowCount,
            columns: positions.map { columns[$0] })
    }

    /// The same columns under another schema with the same types, such as one with other metadata.
    /// Throws `invalidArgument` if the types differ.
    public func with(schema other: ArrowSchema) throws(ArrowError) -> ArrowRecordBatch {
        guard !columns.isEmpty else {
            guard other.fields.isEmpty else {
                throw ArrowError(.invalidArgument, "the batch has no columns, the schema has some")
            }
            return ArrowRecordBatch(checked: other, rowCount: rowCount, columns: [])
        }
        return try ArrowRecordBatch(schema: other, columns: columns)
    }
}

extension ArrowRecordBatch: Equatable {
    /// Whether schemas (metadata included) and values are the same.
    public static func == (left: ArrowRecordBatch, right: ArrowRecordBatch) -> Bool {
        left.schema == right.schema && left.rowCount == right.rowCount
            && left.columns == right.columns
    }
}
