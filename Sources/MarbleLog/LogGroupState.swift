/// Consecutive entries of one term.
package struct LogTermRun: Equatable, Sendable {
    package var firstIndex: UInt64
    package var term: UInt64

    package init(firstIndex: UInt64, term: UInt64) {
        self.firstIndex = firstIndex
        self.term = term
    }
}

/// What the log knows of one group.
package struct LogGroupState: Equatable, Sendable {
    /// The current term and the vote in it (the hard state).
    package var term: UInt64 = 0
    package var votedFor: UInt64?
    /// Compacted through this index, whose entry had `baseTerm`; 0 and 0 for a log that is whole.
    package var baseIndex: UInt64 = 0
    package var baseTerm: UInt64 = 0
    /// The terms of the entries after the base, ascending in both fields.
    package var termRuns: [LogTermRun] = []
    /// `baseIndex` for an empty log.
    package var lastIndex: UInt64 = 0

    package init() {}

    /// The term of the last entry, or of the base when there is none.
    package var lastTerm: UInt64 { termRuns.last?.term ?? baseTerm }

    package var entryCount: UInt64 { lastIndex - baseIndex }

    /// The term of the entry at `index`, or of the base; nil outside of the log.
    package func term(at index: UInt64) -> UInt64? {
        if index == baseIndex { return baseTerm }
        guard index > baseIndex, index <= lastIndex else { return nil }
        var low = 0
        var high = termRuns.count
        while low < high {
            let middle = (low + high) / 2
            if termRuns[middle].firstIndex <= index { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : termRuns[low - 1].term
    }

    // The four changes, in the form in which both the running log and recovery make them. All
    // arguments were checked by the caller.

    mutating func append(index: UInt64, term: UInt64) {
        if term != lastTerm || termRuns.isEmpty {
            termRuns.append(LogTermRun(firstIndex: index, term: term))
        }
        lastIndex = index
    }

    mutating func truncate(from index: UInt64) {
        lastIndex = index - 1
        while let run = termRuns.last, run.firstIndex >= index { termRuns.removeLast() }
    }

    /// Whether the log after `index` goes on from an entry of that term; if not, all of it goes
    /// (Raft paper, figure 13, steps 6 and 7).
    func continues(after index: UInt64, term: UInt64) -> Bool {
        index < lastIndex && self.term(at: index) == term
    }

    mutating func compact(through index: UInt64, term: UInt64) {
        if continues(after: index, term: term) {
            let kept = termRuns.lastIndex { $0.firstIndex <= index + 1 } ?? 0
            termRuns.removeFirst(kept)
            termRuns[0].firstIndex = index + 1
        } else {
            termRuns.removeAll(keepingCapacity: true)
            lastIndex = index
        }
        baseIndex = index
        baseTerm = term
    }
}
