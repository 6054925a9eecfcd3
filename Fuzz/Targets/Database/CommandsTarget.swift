import MarbleArrow
import MarbleCluster
import NIOCore

@testable import MarbleDB

/// Entries of the log as the database applies them: each is a length in two bytes and a payload.
/// They begin with two tables, `k` with a key and `a` without.
///
/// A database that has applied them must be restored by its own snapshot.
enum CommandsTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        var input = FuzzInput(bytes)
        let database = Database()
        var entries: [RaftEntry] = []
        for payload in tables(database) { append(payload, to: &entries) }
        while !input.isEmpty, entries.count < 64 {
            let payload = ByteBuffer(copying: input.take(Int(input.number(UInt16.self))))
            _ = database.summary(of: payload)
            append(payload, to: &entries)
        }
        let outcomes = database.apply(entries)
        precondition(outcomes.count == entries.count, "an entry has no outcome")
        DatabaseChecks.checkSnapshot(of: database)
        let isDone = outcomes.dropFirst(2).contains { outcome in
            if case .done? = try? WriteOutcome(decoding: outcome) { true } else { false }
        }
        return isDone ? .accepted : .refused
    }

    private static func append(_ payload: ByteBuffer, to entries: inout [RaftEntry]) {
        entries.append(
            RaftEntry(
                index: UInt64(entries.count) + 1, term: 1, kind: .command, payload: payload))
    }

    private static func tables(_ database: Database) -> [ByteBuffer] {
        let schema = ArrowIPC.encodeSchema(
            ArrowSchema([
                ArrowField("id", .int64, nullable: false), ArrowField("text", .utf8),
                ArrowField("flag", .bool),
            ]))
        do throws(DatabaseError) {
            return [
                try database.createTableCommand(
                    name: "k", schemaMessage: ByteBuffer(bytes: schema), primaryKey: ["id"]),
                try database.createTableCommand(
                    name: "a", schemaMessage: ByteBuffer(bytes: schema), primaryKey: []),
            ]
        } catch {
            fatalError("tables can't be created: \(error)")
        }
    }
}
