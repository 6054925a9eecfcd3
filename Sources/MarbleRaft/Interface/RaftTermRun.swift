/// Entries in a row that share a term: from `firstIndex` to where the next run begins, or to the end
/// of what the runs describe.
public struct RaftTermRun: Equatable, Sendable {
    /// The first entry of the run.
    public var firstIndex: RaftIndex
    /// The term of all entries of the run.
    public var term: RaftTerm

    /// Creates a run.
    public init(firstIndex: RaftIndex, term: RaftTerm) {
        self.firstIndex = firstIndex
        self.term = term
    }
}
