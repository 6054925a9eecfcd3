/// What a node's durable log holds when the node starts. All of it is durable.
public struct RaftLogSummary: Equatable, Sendable {
    /// The entry up to which a durable snapshot replaces the log; 0 for none.
    public var snapshotIndex: RaftIndex
    /// The term of that entry; 0 for none.
    public var snapshotTerm: RaftTerm
    /// The terms of the entries after `snapshotIndex`: the first run begins at `snapshotIndex + 1`,
    /// indices and terms ascend strictly.
    public var termRuns: [RaftTermRun]
    /// The last entry; `snapshotIndex` when there is none after it.
    public var lastIndex: RaftIndex

    /// Creates a summary; the default is that of an empty log.
    public init(
        snapshotIndex: RaftIndex = 0,
        snapshotTerm: RaftTerm = 0,
        termRuns: [RaftTermRun] = [],
        lastIndex: RaftIndex = 0
    ) {
        self.snapshotIndex = snapshotIndex
        self.snapshotTerm = snapshotTerm
        self.termRuns = termRuns
        self.lastIndex = lastIndex
    }
}
