extension RaftCore {
    /// Says, before anything else happens, how far the restored state machine is: the durable snapshot
    /// is at `snapshotIndex`, and everything up to `appliedIndex` is committed and applied. Needed when
    /// the log keeps entries before the snapshot, for members that are a little behind.
    ///
    /// Traps when the log doesn't reach that far.
    public mutating func restored(snapshotIndex: RaftIndex, appliedIndex: RaftIndex) {
        guard let term = log.term(at: snapshotIndex), appliedIndex >= snapshotIndex,
            appliedIndex <= lastIndex
        else {
            preconditionFailure(
                "restored \(snapshotIndex)/\(appliedIndex) with a log of \(firstIndex) to \(lastIndex)"
            )
        }
        guard appliedIndex > commitIndex else { return }
        self.snapshotIndex = snapshotIndex
        snapshotTerm = term
        commitIndex = appliedIndex
        self.appliedIndex = appliedIndex
        verifiedIndex = appliedIndex
        reportedCommitIndex = appliedIndex
    }
}
