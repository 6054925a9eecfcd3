/// Entries that a peer should get next. The driver attaches the payloads of all or the first of them,
/// sends the message of `RaftCore.appendMessage(for:through:)`, and says so by `didSend`; or it
/// calls `sendFailed`. Until one of the two, the peer gets no further `RaftSend`.
public struct RaftSend: Equatable, Sendable {
    /// The peer.
    public var to: RaftNodeID
    /// The leader's term in which this was decided; sending it in another term is an error.
    public var term: RaftTerm
    /// The entry before `first`.
    public var previousIndex: RaftIndex
    /// The term of that entry.
    public var previousTerm: RaftTerm
    /// The first entry to send.
    public var first: RaftIndex
    /// The last entry to send; `first - 1` for a message without entries.
    public var last: RaftIndex
    /// Tells this send from others to the same peer.
    public var ticket: UInt64

    /// Creates a send.
    public init(
        to: RaftNodeID,
        term: RaftTerm,
        previousIndex: RaftIndex,
        previousTerm: RaftTerm,
        first: RaftIndex,
        last: RaftIndex,
        ticket: UInt64
    ) {
        self.to = to
        self.term = term
        self.previousIndex = previousIndex
        self.previousTerm = previousTerm
        self.first = first
        self.last = last
        self.ticket = ticket
    }

    /// Whether the message carries no entries.
    public var isEmpty: Bool { last < first }
}
