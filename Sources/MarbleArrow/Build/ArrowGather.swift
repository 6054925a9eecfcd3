/// Collects rows of many batches and copies them, column by column, into one batch.
///
/// Appending only notes which rows are wanted, as runs of neighbours; `finish` copies. So whole
/// ranges cost one copy a column, and single rows a few nanoseconds each.
public struct ArrowGather {
    /// Neighbouring rows of one batch.
    struct Run {
        var source: Int32
        var start: Int32
        var count: Int32
    }

    /// The schema of the batch that is made.
    public let schema: ArrowSchema
    /// How many rows have been appended.
    public private(set) var rowCount = 0
    /// About how many bytes the values of the appended rows take, bitmaps not counted.
    public private(set) var byteCount = 0
    /// Whether one of the limits has been reached: time to call `finish`.
    public var isFull: Bool {
        rowCount >= rowCountMax || byteCount >= byteCountMax
    }

    /// The positions in the sources' schema of the columns that are made.
    private let positions: [Int]
    private let sourceSchema: ArrowSchema
    private let rowCountMax: Int
    private let byteCountMax: Int
    private let fixedByteCount: Int
    private let measuredPositions: [Int]
    private var sources: [ArrowRecordBatch] = []
    private var runs: [Run] = []

    /// Makes a gatherer for batches of a schema.
    ///
    /// - Parameters:
    ///   - schema: What the sources look like.
    ///   - columns: The positions of the columns to keep, in the order wanted; nil for all.
    ///   - rowCountMax: `isFull` from so many rows on.
    ///   - byteCountMax: `isFull` from so many bytes of values on.
    public init(
        schema: ArrowSchema, columns: [Int]? = nil, rowCountMax: Int = ArrowLimits.rowCountMax,
        byteCountMax: Int = Int.max
    ) {
        sourceSchema = schema
        positions = columns ?? Array(schema.fields.indices)
        self.schema = columns.map { schema.select($0) } ?? schema
        self.rowCountMax = min(rowCountMax, ArrowLimits.rowCountMax)
        self.byteCountMax = byteCountMax
        var fixed = 0
        var measured: [Int] = []
        for position in positions {
            switch schema.columns[position].layout {
            case .bit: fixed += 1
            case .fixedWidth(let width): fixed += width
            default: measured.append(position)
            }
        }
        fixedByteCount = fixed
        measuredPositions = measured
    }

    /// Adds a batch to take rows of, and returns the number that stands for it until `finish` or
    /// `removeSources` is called. Throws `invalidArgument` if its columns are of other types.
    public mutating func addSource(_ batch: ArrowRecordBatch) throws(ArrowError) -> Int {
        guard batch.schema.hasSameTypes(as: sourceSchema) else {
            throw ArrowError(
                .invalidArgument,
                "rows of \(batch.schema) can't be gathered into a batch of \(sourceSchema)")
        }
        sources.append(batch)
        return sources.count - 1
    }

    /// Appends a row of a source. Traps if there is no such source or row.
    public mutating func append(source: Int, row: Int) {
        precondition(row >= 0 && row < sources[source].rowCount, "no such row in the batch")
        for position in measuredPositions {
            byteCount += sources[source].columns[position].byteCount(in: row..<row + 1)
        }
        appendRun(source: source, start: row, count: 1)
    }

    /// Appends neighbouring rows of a source, whatever the limits say.
    /// Traps if there is no such source or row.
    public mutating func append(source: Int, rows: Range<Int>) {
        let batch = sources[source]
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= batch.rowCount, "no such rows in the batch")
        if rows.isEmpty { return }
        for position in measuredPositions {
            byteCount += batch.columns[position].byteCount(in: rows)
        }
        appendRun(source: source, start: rows.lowerBound, count: rows.count)
    }

    @inline(__always)
    private mutating func appendRun(source: Int, start: Int, count: Int) {
        rowCount += count
        byteCount += count * fixedByteCount
        if let last = runs.last, Int(last.source) == source,
            Int(last.start) + Int(last.count) == start
        {
            runs[runs.count - 1].count += Int32(count)
        } else {
            runs.append(
                Run(source: Int32(source), start: Int32(start), count: Int32(count)))
        }
    }

    /// The batch of the rows appended since the last call. The sources stay, so that more of their
    /// rows can follow. Throws `limitExceeded` if there are more than `ArrowLimits.rowCountMax`
    /// rows, if a column with 32-bit offsets would exceed 2 GiB, or if dictionaries together have
    /// more values than can be numbered, and `invalidArgument` if a
    /// source has nulls where the schema allows none.
    public mutating func finish() throws(ArrowError) -> ArrowRecordBatch {
        defer {
            runs.removeAll(keepingCapacity: true)
            rowCount = 0
            byteCount = 0
        }
        guard rowCount <= ArrowLimits.rowCountMax else {
            throw ArrowError(
                .limitExceeded,
                "\(rowCount) rows don't fit into one batch; the limit is \(ArrowLimits.rowCountMax)"
            )
        }
        var columns: [ArrowArray] = []
        columns.reserveCapacity(positions.count)
        for (target, position) in positions.enumerated() {
            let field = schema.fields[target]
            let kernel = ArrowGatherKernel(
                type: field.type, sources: sources.map { $0.columns[position] }, runs: runs,
                rowCount: rowCount)
            let array = try kernel.run(name: field.name)
            guard field.nullable || array.markedNullCount == 0 else {
                throw ArrowError(
                    .invalidArgument, "column \"\(field.name)\" may not hold nulls, a source does")
            }
            columns.append(array)
        }
        return ArrowRecordBatch(checked: schema, rowCount: rowCount, columns: columns)
    }

    /// Forgets the sources, whose numbers are then given anew. Traps if rows have been appended
    /// that `finish` has not copied yet.
    public mutating func removeSources() {
        precondition(runs.isEmpty, "sources removed before finish")
        sources.removeAll(keepingCapacity: true)
    }
}
