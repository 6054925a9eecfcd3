/// The head of a message that carries entries (Raft paper, figure 2, AppendEntries).
public struct RaftAppend: Equatable, Sendable {
    /// The entry before the first carried one.
    public var previousIndex: RaftIndex
    /// The term of that entry.
    public var previousTerm: RaftTerm
    /// The terms of the carried entries: the first run begins at `previousIndex + 1`, indices and terms
    /// ascend strictly. Empty when no entries are carried.
    public var termRuns: [RaftTermRun]
    /// The last carried entry; `previousIndex` when none is carried.
    public var lastIndex: RaftIndex
    /// What the leader has committed.
    public var commitIndex: RaftIndex

    /// Creates the head of an append message.
    public init(
        previousIndex: RaftIndex,
        previousTerm: RaftTerm,
        termRuns: [RaftTermRun],
        lastIndex: RaftIndex,
        commitIndex: RaftIndex
    ) {
        self.previousIndex = previousIndex
        self.previousTerm = previousTerm
        self.termRuns = termRuns
        self.lastIndex = lastIndex
        self.commitIndex = commitIndex
    }

    /// Whether the numbers can come from a correct leader of `term`.
    func isWellFormed(term: RaftTerm) -> Bool {
        let limit = RaftNumberLimit.maximum
        guard previousIndex <= limit, lastIndex <= limit, commitIndex <= limit else { return false }
        guard previousIndex <= lastIndex, previousTerm <= term else { return false }
        guard (previousIndex == 0) == (previousTerm == 0) else { return false }
        guard let first = termRuns.first else { return lastIndex == previousIndex }
        guard first.firstIndex == previousIndex + 1, first.term >= max(previousTerm, 1) else {
            return false
        }
        var before = first
        for run in termRuns.dropFirst() {
            guard run.firstIndex > before.firstIndex, run.term > before.term else { return false }
            before = run
        }
        return before.firstIndex <= lastIndex && before.term <= term
    }

    /// The term of the entry at `index`, from `previousIndex` to `lastIndex`; nil elsewhere.
    func term(at index: RaftIndex) -> RaftTerm? {
        guard index >= previousIndex, index <= lastIndex else { return nil }
        var term = previousTerm
        for run in termRuns {
            guard run.firstIndex <= index else { break }
            term = run.term
        }
        return term
    }

    /// The last carried entry of the run that the carried entry at `index` is in.
    func lastIndexOfRun(at index: RaftIndex) -> RaftIndex {
        for run in termRuns where run.firstIndex > index { return run.firstIndex - 1 }
        return lastIndex
    }
}
