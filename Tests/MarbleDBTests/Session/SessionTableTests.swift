import MarbleArrow
import MarbleDB
import NIOCore
import Testing

@Suite struct SessionTableTests {
    typealias Row = DatabaseFixtures.Row

    private func metadata(_ session: String, _ sequence: Int, operation: String = "upsert")
        -> String
    {
        #"{"operation": "\#(operation)", "session": "\#(session)", "sequence": \#(sequence)}"#
    }

    private func failure(_ outcome: WriteOutcome) -> DatabaseError.Code? {
        if case .failed(let error) = outcome { error.code } else { nil }
    }

    @Test func `a repeated write has the first outcome and takes effect once`() throws {
        let log = LoggedDatabase()
        try log.create()
        let payload = try log.payload(
            DatabaseFixtures.batch([Row(id: 1), Row(id: 2)]), appMetadata: metadata("s", 7))
        let first = try log.commit(payload, term: 3)
        #expect(first == WriteReceipt(index: 2, term: 3, rowCount: 2))
        #expect(try log.commit(payload, term: 5) == first)
        #expect(try log.rows().count == 2)
        #expect(try log.write([Row(id: 3)], appMetadata: metadata("s", 6)).index == 4)
        #expect(try log.write([Row(id: 3)], appMetadata: metadata("other", 7)).index == 5)
        #expect(try log.rows().count == 4)
    }

    @Test func `a refusal is remembered too`() throws {
        let log = LoggedDatabase()
        try log.create(primaryKey: ["id"])
        try log.write([Row(id: 1)])
        let payload = try log.payload(
            DatabaseFixtures.batch([Row(id: 1)]),
            appMetadata: metadata("s", 1, operation: "insert"))
        #expect(failure(try log.apply(payload)) == .alreadyExists)
        let delete = #"{"operation": "delete"}"#
        try log.write([Row(id: 1)], appMetadata: delete)
        #expect(failure(try log.apply(payload)) == .alreadyExists)
        #expect(try log.rows().isEmpty)
    }

    @Test func `a sequence that is too old to be remembered is refused`() throws {
        var configuration = DatabaseConfiguration()
        configuration.sessionOutcomeCountMin = 4
        let log = LoggedDatabase(configuration: configuration)
        try log.create()
        for sequence in 1...20 {
            try log.write([Row(id: 1)], appMetadata: metadata("s", sequence))
        }
        for sequence in 17...20 {
            try log.write([Row(id: 1)], appMetadata: metadata("s", sequence))
        }
        #expect(try log.rows().count == 20)
        let payload = try log.payload(
            DatabaseFixtures.batch([Row(id: 1)]), appMetadata: metadata("s", 1))
        #expect(failure(try log.apply(payload)) == .failedPrecondition)
        #expect(try log.rows().count == 20)
    }

    @Test func `the sessions that are unused for longest are forgotten`() throws {
        var configuration = DatabaseConfiguration()
        configuration.sessionCountMax = 8
        let log = LoggedDatabase(configuration: configuration)
        try log.create()
        for session in 0..<8 {
            try log.write([Row(id: 1)], appMetadata: metadata("s\(session)", 1))
        }
        // A new write by the oldest keeps it; the ninth session pushes out the second and third.
        try log.write([Row(id: 1)], appMetadata: metadata("s0", 2))
        try log.write([Row(id: 1)], appMetadata: metadata("s8", 1))
        var count = try log.rows().count
        for (session, isRemembered) in [("s0", true), ("s3", true), ("s8", true), ("s1", false)] {
            try log.write([Row(id: 1)], appMetadata: metadata(session, 1))
            if !isRemembered { count += 1 }
            #expect(try log.rows().count == count, "\(session)")
        }
    }

    @Test func `the outcomes of all sessions together are bounded`() throws {
        var configuration = DatabaseConfiguration()
        configuration.outcomeCountMax = 100
        let log = LoggedDatabase(configuration: configuration)
        try log.create()
        for number in 0..<500 {
            try log.write([Row(id: 1)], appMetadata: metadata("s\(number % 50)", number))
        }
        #expect(try log.rows().count == 500)
        let chunks = try SnapshotChunks(of: log.database).chunks
        // A remembered outcome takes 32 bytes of a snapshot.
        let sessionsByteCount = chunks.filter { $0.getInteger(at: 0, as: UInt8.self) == 4 }
            .reduce(0) { $0 + $1.readableBytes }
        #expect(sessionsByteCount < 100 * 32 + 50 * 40)
    }
}
