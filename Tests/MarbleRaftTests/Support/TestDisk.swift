import MarbleRaft

/// An entry as the tests' state machine sees it.
struct TestEntry: Equatable, Sendable {
    var term: RaftTerm
    /// 0 for a leader's first entry, otherwise unique.
    var value: UInt64
}

/// A state machine's content: the entries that made it, as a hash.
struct TestSnapshot: Equatable, Sendable {
    var index: RaftIndex = 0
    var term: RaftTerm = 0
    var state: UInt64 = 0
}

/// What of a node survives a crash.
struct TestDisk: Sendable {
    var hardState = RaftHardState()
    var snapshot = TestSnapshot()
    /// The entries after the snapshot.
    var entries: [TestEntry] = []

    var lastIndex: RaftIndex { snapshot.index + RaftIndex(entries.count) }

    func entry(at index: RaftIndex) -> TestEntry? {
        guard index > snapshot.index, index <= lastIndex else { return nil }
        return entries[Int(index - snapshot.index - 1)]
    }

    /// Whether the disk has this entry, or a snapshot that covers it.
    func holds(_ index: RaftIndex, term: RaftTerm) -> Bool {
        index <= snapshot.index || entry(at: index)?.term == term
    }

    /// Carries out a persist; returns what is wrong with it.
    mutating func write(_ persist: RaftPersist, entries added: [TestEntry]) -> String? {
        if let from = persist.truncateFrom {
            guard from > snapshot.index else { return "truncates the snapshot: \(persist)" }
            guard from <= lastIndex else { return "truncates what isn't there: \(persist)" }
            entries.removeLast(Int(lastIndex - from + 1))
        }
        if let append = persist.append {
            guard append.count == added.count else { return "payloads are missing: \(persist)" }
            let skipped = append.lowerBound <= snapshot.index
            guard append.lowerBound == lastIndex + 1 || skipped else {
                return "leaves a gap after \(lastIndex): \(persist)"
            }
            for (index, entry) in zip(append, added) where index > lastIndex {
                entries.append(entry)
            }
        }
        if let hardState = persist.hardState {
            guard hardState.term >= self.hardState.term else { return "goes back in term" }
            self.hardState = hardState
        }
        return nil
    }

    /// Makes the snapshot at `snapshot` stand for the entries up to it.
    mutating func compact(to snapshot: TestSnapshot) {
        guard snapshot.index > self.snapshot.index else { return }
        let covered = min(entries.count, Int(snapshot.index - self.snapshot.index))
        entries.removeFirst(covered)
        self.snapshot = snapshot
    }

    var summary: RaftLogSummary {
        var runs: [RaftTermRun] = []
        for (offset, entry) in entries.enumerated() where runs.last?.term != entry.term {
            runs.append(
                RaftTermRun(
                    firstIndex: snapshot.index + RaftIndex(offset) + 1, term: entry.term))
        }
        return RaftLogSummary(
            snapshotIndex: snapshot.index, snapshotTerm: snapshot.term, termRuns: runs,
            lastIndex: lastIndex)
    }
}
