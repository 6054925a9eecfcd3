import Foundation
import MarbleEnvironment
import MarbleRaft
import NIOCore
import Testing

@testable import MarbleCluster

@Suite("OpenedNode")
struct OpenedNodeTests {
    private func with(
        snapshot: SnapshotStore.Name?,
        _ body: (MemoryRaftLog, SnapshotStore, Tally) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            let store = try SnapshotStore(fileSystem: PosixFileSystem(), directory: directory)
            if let snapshot {
                try store.write(snapshot, ChunkCapture(chunks: ["covered", "state"]))
            }
            try body(MemoryRaftLog(), store, Tally())
        }
    }

    @Test func `an empty directory gives an empty node`() throws {
        try with(snapshot: nil) { log, snapshots, tally in
            let recovered = try OpenedNode.recover(
                store: log, snapshots: snapshots, stateMachine: tally, groupID: 1)
            #expect(recovered.hardState == RaftHardState())
            #expect(recovered.log == RaftLogSummary())
            #expect(recovered.snapshotIndex == 0)
            #expect(recovered.appliedIndex == 0)
        }
    }

    @Test func `a log that begins after the snapshot is refused`() throws {
        for snapshot in [nil, SnapshotStore.Name(index: 10, term: 1)] {
            try with(snapshot: snapshot) { log, snapshots, tally in
                try log.append(group: 1, entries(1...20, term: 1))
                try log.compactPrefix(group: 1, through: 11, term: 1)
                let error = #expect(throws: RaftError.self) {
                    _ = try OpenedNode.recover(
                        store: log, snapshots: snapshots, stateMachine: tally, groupID: 1)
                }
                #expect(error?.code == .storage)
                #expect(error?.message.contains("begins after entry 11") == true)
                #expect(error?.message.contains("remove this node's data directory") == true)
                #expect(tally.commands == [])
            }
        }
    }

    @Test(arguments: [5, 10, 20] as [RaftIndex])
    func `a leader's snapshot that the log doesn't match takes the log's place`(
        _ lastIndex: RaftIndex
    ) throws {
        try with(snapshot: SnapshotStore.Name(index: 10, term: 3)) { log, snapshots, tally in
            try log.append(group: 1, entries(1...lastIndex, term: 1))
            try log.setHardState(group: 1, RaftHardState(term: 4, votedFor: 2))
            let recovered = try OpenedNode.recover(
                store: log, snapshots: snapshots, stateMachine: tally, groupID: 1)
            let restarted = RaftLogSummary(snapshotIndex: 10, snapshotTerm: 3, lastIndex: 10)
            #expect(recovered.log == restarted)
            #expect(recovered.hardState == RaftHardState(term: 4, votedFor: 2))
            #expect(recovered.snapshotIndex == 10)
            #expect(recovered.appliedIndex == 10)
            #expect(tally.commands == ["covered", "state"])
            #expect(try log.recovery(group: 1).lastIndex == 10)
            try log.append(group: 1, [entry(11, term: 4)])
        }
    }

    @Test func `the entries after a snapshot that the log matches stay`() throws {
        try with(snapshot: SnapshotStore.Name(index: 10, term: 1)) { log, snapshots, tally in
            try log.append(group: 1, entries(1...14, term: 1) + entries(15...20, term: 2))
            try log.compactPrefix(group: 1, through: 4, term: 1)
            try log.setHardState(group: 1, RaftHardState(term: 2, votedFor: 1))
            let recovered = try OpenedNode.recover(
                store: log, snapshots: snapshots, stateMachine: tally, groupID: 1)
            #expect(
                recovered.log
                    == RaftLogSummary(
                        snapshotIndex: 4, snapshotTerm: 1,
                        termRuns: [
                            RaftTermRun(firstIndex: 5, term: 1),
                            RaftTermRun(firstIndex: 15, term: 2),
                        ], lastIndex: 20))
            #expect(recovered.appliedIndex == 10)
            #expect(tally.commands == ["covered", "state"])
            #expect(
                try log.entries(group: 1, from: 5, through: 20, byteCountMax: .max).count == 16)
        }
    }

    @Test func `a vote of a term that entries have passed doesn't count`() throws {
        try with(snapshot: nil) { log, snapshots, tally in
            try log.setHardState(group: 1, RaftHardState(term: 2, votedFor: 3))
            try log.append(group: 1, entries(1...2, term: 5))
            let recovered = try OpenedNode.recover(
                store: log, snapshots: snapshots, stateMachine: tally, groupID: 1)
            #expect(recovered.hardState == RaftHardState(term: 5, votedFor: nil))
        }
    }

    @Test func `a state machine that is ahead of its log is refused`() throws {
        try with(snapshot: nil) { log, snapshots, tally in
            try log.append(group: 1, entries(1...3, term: 1))
            _ = tally.apply(entries(1...4, term: 1))
            let error = #expect(throws: RaftError.self) {
                _ = try OpenedNode.recover(
                    store: log, snapshots: snapshots, stateMachine: tally, groupID: 1)
            }
            #expect(error?.code == .storage)
            #expect(error?.message.contains("the log was lost") == true)
        }
    }

    @Test func `a state machine that has more than the snapshot isn't set back`() throws {
        try with(snapshot: SnapshotStore.Name(index: 2, term: 1)) { log, snapshots, tally in
            try log.append(group: 1, entries(1...5, term: 1))
            _ = tally.apply(entries(1...4, term: 1))
            let recovered = try OpenedNode.recover(
                store: log, snapshots: snapshots, stateMachine: tally, groupID: 1)
            #expect(recovered.appliedIndex == 4)
            #expect(tally.commands.count == 4)
        }
    }

    @Test func `a snapshot that is damaged is refused`() throws {
        try withTemporaryDirectory { directory in
            let store = try SnapshotStore(fileSystem: PosixFileSystem(), directory: directory)
            try store.write(
                SnapshotStore.Name(index: 3, term: 1), ChunkCapture(chunks: ["state"]))
            let file = URL(fileURLWithPath: FilePaths.join(directory, "snapshot-3-1"))
            var bytes = try Data(contentsOf: file)
            bytes[bytes.startIndex + 42] ^= 1
            try bytes.write(to: file)
            let error = #expect(throws: RaftError.self) {
                _ = try OpenedNode.recover(
                    store: MemoryRaftLog(), snapshots: store, stateMachine: Tally(), groupID: 1)
            }
            #expect(error?.code == .storage)
            #expect(error?.message.contains("index 3") == true)
        }
    }
}
