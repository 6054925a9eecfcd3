/// Runs of rows in the order in which they are wanted; neighbours are joined.
struct ArrowRunList {
    private(set) var runs: [ArrowGather.Run] = []
    private(set) var rowCount = 0

    /// Appends neighbouring rows, of which there are at most `ArrowLimits.rowCountMax`.
    mutating func append(source: Int32, _ rows: Range<Int>) {
        if rows.isEmpty { return }
        rowCount += rows.count
        if let last = runs.last, last.source == source,
            Int(last.start) + Int(last.count) == rows.lowerBound
        {
            runs[runs.count - 1].count += Int32(rows.count)
        } else {
            runs.append(
                ArrowGather.Run(
                    source: source, start: Int32(rows.lowerBound), count: Int32(rows.count)))
        }
    }
}
