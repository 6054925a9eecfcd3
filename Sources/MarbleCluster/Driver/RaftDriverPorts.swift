package import MarbleRaft

/// One hand-over to the log; writes are carried out in the order in which they are handed over.
package struct RaftLogWrite: Sendable {
    /// Acknowledged by `RaftDriver.logPersisted(sequence:)`; 0 asks for no acknowledgement.
    package var sequence: UInt64
    /// Entries from here on go, before `entries` are appended.
    package var truncateFrom: RaftIndex?
    package var entries: [RaftEntry]
    package var hardState: RaftHardState?
    /// The log's prefix up to here (and its term) is covered by a durable snapshot. It may lie
    /// beyond the last entry: then the log starts again, empty, after it.
    package var compactThrough: RaftTermRun?
}

/// Entries that the driver wants back from the log; answered by `RaftDriver.logRead`.
package struct RaftLogRead: Sendable {
    package enum Purpose: Sendable, Equatable {
        case apply
        case send(RaftSend)
    }
    package var purpose: Purpose
    package var first: RaftIndex
    package var last: RaftIndex
    /// At least one entry comes, and no more once this many payload bytes are reached.
    package var byteCountMax: Int
}

/// Everything for one peer that has gathered in a flush: message headers, and the entries of its
/// append requests, in order and contiguous.
package struct RaftBatch: Sendable {
    package var messages: [RaftMessage]
    /// The entries of all append requests of the batch, one after the other.
    package var entries: [RaftEntry]
    package init(messages: [RaftMessage] = [], entries: [RaftEntry] = []) {
        self.messages = messages
        self.entries = entries
    }
}

/// What a `RaftDriver` needs done: the shell of production does it with threads, files and sockets,
/// the simulator with a virtual disk and network. All are called from where the driver runs.
package protocol RaftDriverPorts: AnyObject {
    func write(_ write: RaftLogWrite)
    func read(_ read: RaftLogRead)
    /// Returns false when the peer can't take it now (no connection, or too much is queued).
    func send(_ batch: RaftBatch, to peer: RaftNodeID) -> Bool
    /// Answered by `RaftDriver.applied`. One at a time.
    func apply(_ entries: [RaftEntry], through: RaftIndex)
    /// Capture the state machine at its applied index (= `index`) and make it durable; answered by
    /// `snapshotMade` or `snapshotFailed`.
    func makeSnapshot(index: RaftIndex, term: RaftTerm)
    /// Pull the snapshot from the peer, make it durable, restore it; answered by
    /// `snapshotInstalled` or `snapshotInstallFailed`.
    func installSnapshot(from peer: RaftNodeID, index: RaftIndex, term: RaftTerm)
    func roleChanged(role: RaftRole, term: RaftTerm, leader: RaftNodeID?)
}
