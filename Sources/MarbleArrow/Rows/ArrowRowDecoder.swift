/// Makes `Decodable` values of the rows of record batches, the reverse of `ArrowRowEncoder`.
public struct ArrowRowDecoder: Sendable {
    /// Makes a decoder.
    public init() {}

    /// The rows of a batch. A property is read from the column with the name of its key; columns that
    /// nothing asks for are not looked at. Integers are also read from columns of other integer types,
    /// dates, times, timestamps, durations and months, if they fit, and floats from integers that they
    /// hold exactly. Of a union the value is read. No property can be read from columns of decimals and
    /// of intervals of more than months; `ArrowColumn` reads those.
    ///
    /// Throws `invalidArgument`, naming row and column, where a column is missing or a value doesn't
    /// fit the property.
    public func decode<Row: Decodable>(
        _ type: Row.Type = Row.self, from batch: ArrowRecordBatch
    ) throws(ArrowError) -> [Row] {
        var rows: [Row] = []
        rows.reserveCapacity(batch.rowCount)
        let type = ArrowType.struct(batch.schema.fields)
        for row in 0..<batch.rowCount {
            let value = ArrowValue.structure(batch.columns.map { $0.value(at: row) })
            do {
                rows.append(try RowValueDecoder.decode(Row.self, value, type, []))
            } catch {
                throw RowCodingError.arrowError(error, row: row)
            }
        }
        return rows
    }
}
