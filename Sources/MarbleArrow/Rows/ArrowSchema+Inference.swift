extension ArrowSchema {
    /// The columns for rows of a type, found by decoding it from nothing.
    ///
    /// | Swift | Arrow |
    /// |---|---|
    /// | `Bool`, `String` | bool, utf8 |
    /// | `Int`, `Int8` … `UInt64` | int64, int8 … uint64 |
    /// | `Float`, `Double` | float32, float64 |
    /// | `Date`, `Data`, `[UInt8]`, `UUID` | timestamp[us, UTC], binary, binary, utf8 |
    /// | `Optional` | a column that may hold nulls; others may not |
    /// | `Array`, a struct, a dictionary with `String` keys | list, struct, map |
    /// | an enum with a raw value, if it is `CaseIterable` | its raw value's |
    ///
    /// Throws `unsupportedType`, naming the property, for a type that this doesn't work for: one that
    /// decodes itself depending on what it reads, or that contains itself. Give a schema for those.
    public init<Row: Decodable>(inferredFrom type: Row.Type) throws(ArrowError) {
        let shape = RowShape()
        do {
            _ = try RowShapeDecoder.decode(type, shape, [])
        } catch let error as ArrowError {
            throw error
        } catch {
            throw ArrowError(
                .unsupportedType, "no schema can be inferred for \(type): \(error)", cause: error)
        }
        guard case .struct(let fields)? = shape.type else {
            throw ArrowError(
                .unsupportedType, "\(type) has no properties that could be columns; give a schema")
        }
        self.init(fields)
    }
}
