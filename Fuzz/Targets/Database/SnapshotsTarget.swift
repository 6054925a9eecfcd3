import NIOCore

@testable import MarbleDB

/// A snapshot's chunks as a node restores them: each is a length in two bytes and its bytes.
enum SnapshotsTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        var input = FuzzInput(bytes)
        var chunks: [ByteBuffer] = []
        while !input.isEmpty, chunks.count < 256 {
            chunks.append(ByteBuffer(copying: input.take(Int(input.number(UInt16.self)))))
        }
        let database = Database()
        do {
            try database.restore(from: DatabaseChecks.Chunks(chunks), index: 100)
        } catch {
            precondition(database.tables.isEmpty, "a snapshot that was refused left tables")
            return .refused
        }
        DatabaseChecks.checkSnapshot(of: database)
        return .accepted
    }
}
