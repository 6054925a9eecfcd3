extension ArrowArray {
    /// The array without values.
    static func empty(_ type: ArrowType) -> ArrowArray {
        ArrowColumnBuilder(type).finish()
    }

    /// All values of several arrays of one type in one, copied into memory of its own. Throws
    /// `invalidArgument` if there is no array or if types differ, `limitExceeded` if they are more
    /// than an array can hold.
    public static func concatenate(_ arrays: [ArrowArray]) throws(ArrowError) -> ArrowArray {
        guard let first = arrays.first else {
            throw ArrowError(.invalidArgument, "there is no array to concatenate")
        }
        var runs = ArrowRunList()
        for (source, array) in arrays.enumerated() {
            guard array.type.matches(first.type) else {
                throw ArrowError(
                    .invalidArgument,
                    "values of \(array.type) can't be appended to those of \(first.type)")
            }
            runs.append(source: Int32(source), 0..<array.length)
        }
        guard runs.rowCount <= ArrowLimits.rowCountMax else {
            throw ArrowError(
                .limitExceeded, "\(runs.rowCount) values don't fit into one array")
        }
        return try ArrowGatherKernel(
            type: first.type, sources: arrays, runs: runs.runs, rowCount: runs.rowCount
        ).run(name: "\(first.type)")
    }

    /// The values at these rows, in this order and as often as they are named, copied into memory
    /// of their own. Traps if there is no such row; throws `limitExceeded` as `concatenate` does.
    public func take(rows: some Sequence<Int>) throws(ArrowError) -> ArrowArray {
        var runs = ArrowRunList()
        for row in rows {
            checkRow(row)
            runs.append(source: 0, row..<row + 1)
        }
        return try ArrowGatherKernel(
            type: type, sources: [self], runs: runs.runs, rowCount: runs.rowCount
        ).run(name: "\(type)")
    }
}
