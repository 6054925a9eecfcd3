import MarbleArrow
import MarbleCluster
import MarbleRaft
import NIOCore
import Testing

@testable import MarbleDB

@Suite struct PromptApplyTests {
    private static func entries(_ payloads: [ByteBuffer]) -> [RaftEntry] {
        payloads.enumerated().map { offset, payload in
            RaftEntry(
                index: RaftIndex(1_000_000 + offset), term: 1, kind: .command, payload: payload)
        }
    }

    private func isPrompt(_ log: LoggedDatabase, rows: [Int64]) throws -> Bool {
        let batch = DatabaseFixtures.batch(rows.map { .init(id: $0, price: 1) })
        return log.database.isPrompt(Self.entries([try log.payload(batch)]))
    }

    @Test(arguments: [[], ["id"]])
    func `a small batch is prompt until a merge is due`(primaryKey: [String]) throws {
        let log = LoggedDatabase()
        try log.create(primaryKey: primaryKey)
        var declined = 0
        for id in 0..<3000 {
            if try !isPrompt(log, rows: [Int64(id)]) { declined += 1 }
            try log.write([.init(id: Int64(id), price: 1)])
        }
        #expect(declined >= 2, "merges came up, and the key index grew")
        #expect(declined < 100, "most writes bring no merge")
    }

    @Test func `what creates or drops a table isn't prompt`() throws {
        let log = LoggedDatabase()
        try log.create()
        let drop = try log.database.dropTableCommand(name: "t")
        #expect(!log.database.isPrompt(Self.entries([drop])))
    }

    @Test func `a large batch isn't prompt`() throws {
        let log = LoggedDatabase()
        try log.create(primaryKey: ["id"])
        #expect(try !isPrompt(log, rows: Array(0..<20_000)))
    }

    @Test func `bytes that are no command aren't prompt`() throws {
        let log = LoggedDatabase()
        #expect(!log.database.isPrompt(Self.entries([ByteBuffer(string: "nonsense")])))
    }
}
