/// A seat of the cluster, counted from 1. 0 is never a seat.
public typealias RaftNodeID = UInt64

/// A term of Raft's logical clock (Raft paper, section 5.1). 0 is the time before the first election.
public typealias RaftTerm = UInt64

/// The place of an entry in the log. The first entry has index 1; 0 stands before the log.
public typealias RaftIndex = UInt64

/// Bounds on numbers that come from other machines.
enum RaftNumberLimit {
    /// Terms and indices above this are refused as malformed, so that sums of two accepted numbers
    /// never overflow.
    static let maximum: UInt64 = 1 << 62
}
