internal import MarbleRaft

/// A client that does one thing at a time: proposes a few commands, or reads; and goes on when
/// it is answered, or tired of waiting.
struct SimulatedClient {
    /// Counts what it has begun.
    var operation: UInt64 = 0
    /// Proposals of the current operation that aren't answered yet; for a read, one.
    var openCount = 0
    /// The proposals of the current operation; a late answer to an earlier one isn't waited for.
    var tokens: Range<UInt64> = 0..<0

    /// The node that it keeps to while it is answered there; nil to choose anew.
    var favourite: RaftNodeID?

    var isIdle: Bool { openCount == 0 }
}
