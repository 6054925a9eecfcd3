internal import MarbleCluster
internal import MarbleRaft
internal import NIOConcurrencyHelpers
internal import NIOCore

/// A state that tells any two histories apart: a hash chained over all commands with their
/// indices. The outcome of a command is the state's hash after it.
final class ChainStateMachine: RaftStateMachine {
    struct State: Sendable, Equatable {
        var lastApplied: RaftIndex = 0
        var hash: UInt64 = 0
        var commandCount: UInt64 = 0
    }

    private let state = NIOLockedValueBox(State())

    var current: State { state.withLockedValue { $0 } }
    var lastApplied: RaftIndex { current.lastApplied }

    func apply(_ entries: [RaftEntry]) -> [ByteBuffer] {
        state.withLockedValue { state in
            entries.map { entry in
                var hash = Fingerprint()
                hash.add(state.hash, entry.index)
                hash.add(entry.payload)
                state = State(
                    lastApplied: entry.index, hash: hash.value,
                    commandCount: state.commandCount + 1)
                return ByteBuffer(integer: hash.value)
            }
        }
    }

    func snapshot() throws -> any RaftSnapshotCapture { Capture(state: current) }

    func restore(from snapshot: any RaftSnapshotSource, index: RaftIndex) throws {
        guard var first = try snapshot.next(), let hash: UInt64 = first.readInteger(),
            var second = try snapshot.next(), let commandCount: UInt64 = second.readInteger(),
            try snapshot.next() == nil
        else { throw RaftError(.malformed, "a snapshot without its two chunks") }
        state.withLockedValue {
            $0 = State(lastApplied: index, hash: hash, commandCount: commandCount)
        }
    }

    /// Two chunks, the second one long enough that shipping it takes several messages.
    private struct Capture: RaftSnapshotCapture {
        var state: State

        func write(to sink: (ByteBuffer) throws -> Void) throws {
            try sink(ByteBuffer(integer: state.hash))
            var chunk = ByteBuffer(integer: state.commandCount)
            chunk.writeRepeatingByte(UInt8(truncatingIfNeeded: state.hash), count: 600)
            try sink(chunk)
        }
    }
}
