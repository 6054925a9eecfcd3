public import MarbleRaft
public import NIOCore

/// What a log entry is for.
public enum RaftEntryKind: UInt8, Sendable {
    /// A new leader's empty entry (Raft paper §8); state machines never see it.
    case noop = 0
    /// A proposal's bytes for the state machine.
    case command = 1
}

/// One record of a group's log: (index, term, kind, payload).
public struct RaftEntry: Sendable, Equatable {
    public var index: RaftIndex
    public var term: RaftTerm
    public var kind: RaftEntryKind
    /// The proposal's bytes as they were proposed; empty for a no-op.
    public var payload: ByteBuffer

    public init(index: RaftIndex, term: RaftTerm, kind: RaftEntryKind, payload: ByteBuffer) {
        self.index = index
        self.term = term
        self.kind = kind
        self.payload = payload
    }
}
