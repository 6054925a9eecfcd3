public import MarbleRaft
public import NIOCore

/// What became of a command: what `Database.apply` returns for an entry, read back.
public enum WriteOutcome: Sendable {
    /// It was applied.
    case done(WriteReceipt)
    /// It was refused and changed nothing, on every node alike.
    case failed(DatabaseError)
}

/// Where in the log a command took effect.
public struct WriteReceipt: Sendable, Equatable {
    /// The entry's index: of the first one, if the write is a session's repeated one.
    public var index: RaftIndex
    /// The entry's term: of the first one, if the write is a session's repeated one.
    public var term: RaftTerm
    /// How many rows were written, or, by a delete, how many there were to be deleted.
    public var rowCount: Int

    public init(index: RaftIndex, term: RaftTerm, rowCount: Int) {
        self.index = index
        self.term = term
        self.rowCount = rowCount
    }
}

extension WriteOutcome {
    /// Reads an outcome. Throws `internalError` if the bytes are none.
    public init(decoding buffer: ByteBuffer) throws(DatabaseError) {
        var buffer = buffer
        self = try AppliedOutcome(reading: &buffer).outcome
    }
}
