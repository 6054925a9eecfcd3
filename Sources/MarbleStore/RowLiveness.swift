/// Which rows of a chunk still count: one bit a row, set while the row lives.
struct RowLiveness: Sendable {
    private var words: [UInt64]

    /// All rows live.
    init(rowCount: Int) {
        words = [UInt64](repeating: .max, count: (rowCount + 63) / 64)
    }

    @inline(__always)
    subscript(row: Int) -> Bool {
        words[row >> 6] >> UInt64(row & 63) & 1 != 0
    }

    mutating func kill(_ row: Int) {
        words[row >> 6] &= ~(1 << UInt64(row & 63))
    }

    /// Calls `body` with each range of neighbouring live rows among the first `rowCount`.
    func forEachRun(rowCount: Int, _ body: (Range<Int>) -> Void) {
        var row = 0
        while row < rowCount {
            while row < rowCount && !self[row] {
                row = row & 63 == 0 && words[row >> 6] == 0 ? row + 64 : row + 1
            }
            guard row < rowCount else { return }
            let start = row
            while row < rowCount && self[row] {
                row = row & 63 == 0 && words[row >> 6] == .max ? row + 64 : row + 1
            }
            row = min(row, rowCount)
            body(start..<row)
        }
    }
}
