/// Writes that must become durable, in the order: truncation, append, hard state; all or none.
/// Persists are carried out in the order of their sequence numbers.
public struct RaftPersist: Equatable, Sendable {
    /// Numbers persists, increasing; handed back by `RaftCore.persisted(sequence:now:)`.
    public var sequence: UInt64
    /// Entries from here on are removed from the log.
    public var truncateFrom: RaftIndex?
    /// Entries to write; they follow what is left of the log without a gap.
    public var append: ClosedRange<RaftIndex>?
    /// Term and vote, when they changed.
    public var hardState: RaftHardState?

    /// Creates a persist.
    public init(
        sequence: UInt64,
        truncateFrom: RaftIndex? = nil,
        append: ClosedRange<RaftIndex>? = nil,
        hardState: RaftHardState? = nil
    ) {
        self.sequence = sequence
        self.truncateFrom = truncateFrom
        self.append = append
        self.hardState = hardState
    }
}
