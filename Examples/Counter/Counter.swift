import MarbleCluster
import MarbleRaft
import NIOConcurrencyHelpers
import NIOCore

/// A number that three nodes agree on: a state machine of one's own, without the database.
///
/// A command is a decimal number, which is added; the outcome is the sum.
final class Counter: RaftStateMachine {
    private struct State {
        var sum: Int64 = 0
        var lastApplied: RaftIndex = 0
    }

    private let state = NIOLockedValueBox(State())

    var sum: Int64 { state.withLockedValue { $0.sum } }
    var lastApplied: RaftIndex { state.withLockedValue { $0.lastApplied } }

    func apply(_ entries: [RaftEntry]) -> [ByteBuffer] {
        state.withLockedValue { state in
            entries.map { entry in
                // What isn't a number adds nothing: every node must come to the same sum.
                state.sum &+= Int64(String(buffer: entry.payload)) ?? 0
                state.lastApplied = entry.index
                return ByteBuffer(string: String(state.sum))
            }
        }
    }

    func snapshot() throws -> any RaftSnapshotCapture { Capture(sum: sum) }

    func restore(from snapshot: any RaftSnapshotSource, index: RaftIndex) throws {
        guard let chunk = try snapshot.next(), let sum = Int64(String(buffer: chunk)) else {
            throw Unreadable()
        }
        state.withLockedValue { $0 = State(sum: sum, lastApplied: index) }
    }

    struct Unreadable: Error {}

    private struct Capture: RaftSnapshotCapture {
        var sum: Int64

        func write(to sink: (ByteBuffer) throws -> Void) throws {
            try sink(ByteBuffer(string: String(sum)))
        }
    }
}
