extension ArrowRecordBatch {
    /// The rows at these positions, in this order and as often as they are named, copied into
    /// memory of their own. Traps if there is no such row; throws `limitExceeded` if a column with
    /// 32-bit offsets would exceed 2 GiB.
    @inlinable
    public func take<Rows: Sequence>(
        rows: Rows
    ) throws(ArrowError) -> ArrowRecordBatch where Rows.Element: BinaryInteger {
        var gather = ArrowGather(schema: schema)
        let source = try gather.addSource(self)
        for row in rows { gather.append(source: source, row: Int(row)) }
        return try gather.finish()
    }

    /// All rows of several batches in one, copied into memory of its own. Throws `invalidArgument`
    /// if there is no batch or if types differ, `limitExceeded` as `take(rows:)` does.
    public static func concatenate(
        _ batches: [ArrowRecordBatch]
    ) throws(ArrowError) -> ArrowRecordBatch {
        guard let first = batches.first else {
            throw ArrowError(.invalidArgument, "there is no batch to concatenate")
        }
        var gather = ArrowGather(schema: first.schema)
        for batch in batches {
            let source = try gather.addSource(batch)
            gather.append(source: source, rows: 0..<batch.rowCount)
        }
        return try gather.finish()
    }

    /// How many bytes the values, offsets and validity bitmaps of the rows take in the format,
    /// without padding. Slices count only their own rows.
    public var byteCount: Int {
        columns.reduce(0) { $0 + $1.byteCount }
    }
}
