import MarbleCluster
import MarbleRaft
import NIOConcurrencyHelpers
import NIOCore

/// A user's state machine: remembers every command once, in order.
final class Tally: RaftStateMachine {
    struct Unreadable: Error {}

    private struct State {
        var commands: [String] = []
        var lastApplied: RaftIndex = 0
    }

    private let state = NIOLockedValueBox(State())

    var commands: [String] { state.withLockedValue { $0.commands } }
    var lastApplied: RaftIndex { state.withLockedValue { $0.lastApplied } }

    func apply(_ entries: [RaftEntry]) -> [ByteBuffer] {
        state.withLockedValue { state in
            entries.map { entry in
                precondition(entry.index > state.lastApplied, "applied twice")
                let command = String(buffer: entry.payload)
                // A test that lost the answer, as on a machine that stood still, has proposed it again.
                if !state.commands.contains(command) { state.commands.append(command) }
                state.lastApplied = entry.index
                return ByteBuffer(string: "\(state.commands.count)")
            }
        }
    }

    func snapshot() throws -> any RaftSnapshotCapture {
        Capture(commands: commands)
    }

    func restore(from snapshot: any RaftSnapshotSource, index: RaftIndex) throws {
        var commands: [String] = []
        while let chunk = try snapshot.next() { commands.append(String(buffer: chunk)) }
        state.withLockedValue { state in
            state.commands = commands
            state.lastApplied = index
        }
    }

    private struct Capture: RaftSnapshotCapture {
        var commands: [String]

        func write(to sink: (ByteBuffer) throws -> Void) throws {
            for command in commands { try sink(ByteBuffer(string: command)) }
        }
    }
}
