/// Collects rows and makes a record batch of them: append one value to each column, row by row.
public struct ArrowRecordBatchBuilder {
    /// The columns' names and types.
    public let schema: ArrowSchema
    /// One builder a column, in the order of the schema's fields.
    public let columns: [ArrowColumnBuilder]

    /// Makes a builder, with memory for `expectedRowCount` rows from the beginning.
    public init(schema: ArrowSchema, expectedRowCount: Int = 0) {
        self.schema = schema
        columns = schema.fields.map {
            ArrowColumnBuilder($0.type, expectedCount: expectedRowCount)
        }
    }

    /// How many rows have been appended.
    public var rowCount: Int {
        columns.first?.count ?? 0
    }

    /// Appends a row of a batch whose columns have the same types.
    /// Traps if they differ, or if there is no such row.
    public mutating func append(from batch: ArrowRecordBatch, row: Int) {
        precondition(batch.columns.count == columns.count, "batches of different width")
        for (builder, column) in zip(columns, batch.columns) {
            builder.append(from: column, row: row)
        }
    }

    /// The batch of what has been appended. The builder begins anew. Traps if the columns are not
    /// of equal length, or if a column holds nulls that may not.
    public mutating func finish() -> ArrowRecordBatch {
        let rowCount = rowCount
        for (field, column) in zip(schema.fields, columns) {
            precondition(
                column.count == rowCount,
                "column \(field.name) has \(column.count) values, the first has \(rowCount)")
            precondition(
                field.nullable || column.nullCount == 0, "column \(field.name) may not hold nulls")
        }
        return ArrowRecordBatch(
            checked: schema, rowCount: rowCount, columns: columns.map { $0.finish() })
    }
}
