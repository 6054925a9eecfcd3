/// Makes record batches of `Encodable` values: a row each, a column a property.
///
/// For small numbers of rows, such as settings, results and tests: each value goes through `Codable`.
/// `ArrowRecordBatchBuilder` is for bulk. What becomes of which Swift type stands at
/// `ArrowSchema.init(inferredFrom:)`.
public struct ArrowRowEncoder: Sendable {
    private let schema: ArrowSchema?

    /// Encodes rows of a schema that is inferred from their type.
    public init() {
        schema = nil
    }

    /// Encodes rows of a schema. A property goes to the column with the name of its key; a column
    /// without a property gets nulls. Integers also go to columns of floats that hold them exactly, and,
    /// as counts of their unit, to columns of dates, times, timestamps, durations and months.
    ///
    /// Columns of decimals, unions, and intervals of more than months take nulls only;
    /// `ArrowRecordBatchBuilder` fills those.
    public init(schema: ArrowSchema) {
        self.schema = schema
    }

    /// The batch of some rows. Throws `invalidArgument`, naming row and column, if a value doesn't fit
    /// its column or has none, and `unsupportedType` where no schema can be inferred.
    public func encode<Row: Codable>(_ rows: [Row]) throws(ArrowError) -> ArrowRecordBatch {
        if let schema { return try encode(rows, as: schema) }
        return try encode(rows, as: ArrowSchema(inferredFrom: Row.self))
    }

    /// The batch of some rows of a type that can't be decoded, so that a schema must have been given.
    /// Throws as the other method, and `invalidArgument` if there is no schema.
    @_disfavoredOverload
    public func encode<Row: Encodable>(_ rows: [Row]) throws(ArrowError) -> ArrowRecordBatch {
        guard let schema else {
            throw ArrowError(
                .invalidArgument,
                "a schema can only be inferred from a type that is Decodable, too; give one to "
                    + "ArrowRowEncoder(schema:)")
        }
        return try encode(rows, as: schema)
    }

    private func encode<Row: Encodable>(
        _ rows: [Row], as schema: ArrowSchema
    ) throws(ArrowError) -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(schema: schema, expectedRowCount: rows.count)
        let type = ArrowType.struct(schema.fields)
        for (number, row) in rows.enumerated() {
            do {
                guard case .structure(let values) = try RowValueEncoder.value(row, type, []) else {
                    throw RowCodingError("is no struct with properties")
                }
                for (column, value) in zip(builder.columns, values) { column.append(value) }
            } catch {
                throw RowCodingError.arrowError(error, row: number)
            }
        }
        return builder.finish()
    }
}
