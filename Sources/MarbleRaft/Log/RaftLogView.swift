/// The terms of a log's entries. Payloads are the driver's; to consensus an entry is an index and a
/// term, and neighbours share terms.
struct RaftLogView: Sendable {
    /// The entry before the first one: the end of the compacted prefix, 0 at the log's beginning.
    private(set) var baseIndex: RaftIndex
    private(set) var baseTerm: RaftTerm
    private(set) var lastIndex: RaftIndex
    /// Covers `baseIndex + 1 ... lastIndex`; indices and terms ascend strictly.
    private var runs: [RaftTermRun]

    init(_ summary: RaftLogSummary) {
        baseIndex = summary.snapshotIndex
        baseTerm = summary.snapshotTerm
        lastIndex = summary.lastIndex
        runs = summary.termRuns
        precondition(
            RaftAppend(
                previousIndex: baseIndex, previousTerm: baseTerm, termRuns: runs,
                lastIndex: lastIndex, commitIndex: 0
            ).isWellFormed(term: runs.last?.term ?? baseTerm),
            "The recovered log isn't a log: \(summary)")
    }

    var lastTerm: RaftTerm { runs.last?.term ?? baseTerm }

    /// The term of an entry; nil when it is compacted or beyond the end.
    func term(at index: RaftIndex) -> RaftTerm? {
        guard index <= lastIndex else { return nil }
        if let last = runs.last, index >= last.firstIndex { return last.term }
        guard index > baseIndex else { return index == baseIndex ? baseTerm : nil }
        return runs[position(of: index)].term
    }

    /// The last entry of the run that `index` is in. `index` is in the log, after the base.
    func lastIndexOfRun(at index: RaftIndex) -> RaftIndex {
        let next = position(of: index) + 1
        return next < runs.count ? runs[next].firstIndex - 1 : lastIndex
    }

    /// The last entry at or before `index` whose term is at most `term`: a log that ends its
    /// entries up to `index` in `term` agrees with this one at most that far.
    func lastPossibleAgreement(
        atMost index: RaftIndex, term: RaftTerm
    ) -> (index: RaftIndex, term: RaftTerm) {
        guard index > baseIndex else {
            return (index, index == baseIndex ? baseTerm : 0)
        }
        var index = min(index, lastIndex)
        while index > baseIndex {
            let run = runs[position(of: index)]
            if run.term <= term { return (index, run.term) }
            index = run.firstIndex - 1
        }
        return (baseIndex, baseTerm)
    }

    /// The runs of the entries in [first, last]; empty when `last < first`.
    func runs(from first: RaftIndex, through last: RaftIndex) -> [RaftTermRun] {
        guard first <= last else { return [] }
        let start = position(of: first)
        if start + 1 == runs.count || runs[start + 1].firstIndex > last {
            return [RaftTermRun(firstIndex: first, term: runs[start].term)]
        }
        let end = position(of: last)
        var result = Array(runs[start...end])
        result[0].firstIndex = first
        return result
    }

    mutating func append(through index: RaftIndex, term: RaftTerm) {
        precondition(index > lastIndex && term >= lastTerm, "Appends ascend: \(self)")
        if runs.last?.term != term {
            runs.append(RaftTermRun(firstIndex: lastIndex + 1, term: term))
        }
        lastIndex = index
    }

    /// Removes the entries from `index` on; `index` is after the base.
    mutating func truncate(from index: RaftIndex) {
        precondition(index > baseIndex, "A compacted entry isn't truncated: \(self)")
        guard index <= lastIndex else { return }
        lastIndex = index - 1
        while let last = runs.last, last.firstIndex > lastIndex {
            runs.removeLast()
        }
    }

    /// Forgets the entries up to and including `index`, which is in the log.
    mutating func compact(through index: RaftIndex) {
        guard index > baseIndex, let term = term(at: index) else { return }
        if index == lastIndex {
            runs.removeAll(keepingCapacity: true)
        } else {
            let keep = position(of: index + 1)
            runs.removeFirst(keep)
            runs[0].firstIndex = index + 1
        }
        baseIndex = index
        baseTerm = term
    }

    /// Replaces the log by a snapshot.
    mutating func reset(toSnapshot index: RaftIndex, term: RaftTerm) {
        baseIndex = index
        baseTerm = term
        lastIndex = index
        runs.removeAll(keepingCapacity: true)
    }

    /// The last run that begins at or before `index`, which is in the log, after the base.
    private func position(of index: RaftIndex) -> Int {
        var low = 0
        var high = runs.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if runs[middle].firstIndex <= index { low = middle } else { high = middle }
        }
        return low
    }
}
