public import MarbleRaft
public import NIOCore

/// What a Raft group replicates: a user's own state, changed only by committed entries.
///
/// The server calls `apply`, `snapshot` and `restore` one at a time, from one executor, never from
/// the event loop where Raft runs. `apply` must be deterministic: the same entries give the same
/// state on every node, whatever the machine, the time, or the version.
public protocol RaftStateMachine: AnyObject, Sendable {
    /// Index of the last entry whose effect is part of this state; 0 for a state that starts empty
    /// with the process. The server restores a snapshot and replays the log from here.
    var lastApplied: RaftIndex { get }

    /// Applies committed commands in log order.
    ///
    /// - Parameter entries: entries of kind `.command`, ascending, each index seen exactly once.
    ///   Indices may skip: no-ops aren't passed on.
    /// - Returns: one outcome for each entry, in order; it is handed to whoever proposed the entry
    ///   on this node. An empty buffer where there is nothing to say.
    func apply(_ entries: [RaftEntry]) -> [ByteBuffer]

    /// Captures the state as of the last applied entry. It must be quick (share, don't copy): no
    /// entry is applied meanwhile. The capture is written out later, beside further applies.
    func snapshot() throws -> any RaftSnapshotCapture

    /// Replaces the whole state by a snapshot's.
    ///
    /// - Parameters:
    ///   - snapshot: the chunks that a capture has written, on this or another node.
    ///   - index: the log index that the snapshot covers; `lastApplied` afterwards.
    func restore(from snapshot: any RaftSnapshotSource, index: RaftIndex) throws
}

/// A state captured at an index, to be written out while the state machine goes on.
public protocol RaftSnapshotCapture: Sendable {
    /// Hands the state over in chunks of at most a few MiB, in order.
    func write(to sink: (ByteBuffer) throws -> Void) throws
}

/// A snapshot's chunks, in the order in which they were written, checked against their checksums.
public protocol RaftSnapshotSource {
    /// The next chunk; nil at the end. Chunk boundaries are as they were written.
    func next() throws -> ByteBuffer?
}
