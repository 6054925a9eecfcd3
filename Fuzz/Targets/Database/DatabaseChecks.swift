import MarbleCluster
import NIOCore

@testable import MarbleDB

/// What must hold for every state of a database.
enum DatabaseChecks {
    /// The chunks of a snapshot that are there already.
    struct Chunks: RaftSnapshotSource {
        final class Queue {
            var chunks: [ByteBuffer]
            init(_ chunks: [ByteBuffer]) { self.chunks = chunks }
        }

        private let queue: Queue

        init(_ chunks: [ByteBuffer]) {
            queue = Queue(chunks.reversed())
        }

        func next() -> ByteBuffer? { queue.chunks.popLast() }
    }

    /// Writes a snapshot, restores another database from it, and compares.
    static func checkSnapshot(of database: Database) {
        var chunks: [ByteBuffer] = []
        let restored = Database()
        do {
            try database.snapshot().write { chunks.append($0) }
            try restored.restore(from: Chunks(chunks), index: database.lastApplied)
        } catch {
            fatalError("a snapshot can't be restored: \(error)")
        }
        precondition(
            restored.stateHash() == database.stateHash(), "the state changed in a snapshot")
    }
}
