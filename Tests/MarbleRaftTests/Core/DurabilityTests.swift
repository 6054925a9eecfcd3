import Testing

@testable import MarbleRaft

@Suite("What is durable, and what is said when")
struct DurabilityTests {
    @Test("A write that a truncation overtook makes no rewritten entry durable")
    func overtakenWrite() {
        var node = CoreFixture()
        node.persistsAtOnce = false
        node.step(CoreFixture.append(term: 1, after: (0, 0), [1, 1, 1]))
        let first = node.drain().persist
        node.step(CoreFixture.append(from: 3, term: 2, after: (1, 1), [2, 2]))
        let second = node.drain().persist
        #expect(second?.truncateFrom == 2 && second?.append == 2...3)
        node.core.persisted(sequence: first?.sequence ?? 0, now: node.now)
        #expect(node.core.persistedIndex == 1)
        node.core.persisted(sequence: second?.sequence ?? 0, now: node.now)
        #expect(node.core.persistedIndex == 3)
    }

    @Test("Steps between two drains merge into one correct persist")
    func merged() {
        var node = CoreFixture(terms: [1, 1, 1, 1])
        node.step(CoreFixture.append(term: 2, after: (3, 1), [2, 2]))
        node.step(CoreFixture.append(from: 3, term: 3, after: (2, 1), [3]))
        let output = node.drain()
        #expect(output.persist?.truncateFrom == 3)
        #expect(output.persist?.append == 3...3)
        #expect(output.persist?.hardState?.term == 3)
    }

    @Test("An acknowledgement of entries that were removed before they were written isn't sent")
    func removedAcknowledgement() {
        var node = CoreFixture()
        node.step(CoreFixture.append(term: 1, after: (0, 0), [1, 1, 1]))
        node.step(CoreFixture.append(from: 3, term: 2, after: (0, 0), [2]))
        let output = node.drain()
        #expect(output.persist?.truncateFrom == nil)
        #expect(output.persist?.append == 1...1)
        #expect(output.messagesAfterPersist.map(\.term) == [2])
        #expect(output.messagesAfterPersist.map(\.acknowledgedIndex) == [1])
    }

    @Test("A leader's first entry that was removed before it was drained isn't handed out")
    func removedNoop() {
        var node = CoreFixture { $0.preVote = false }
        node.timeOut()
        _ = node.drain()
        node.step(.voteResponse(granted: true), from: 2)
        node.step(CoreFixture.append(from: 3, term: 2, after: (0, 0), [2]))
        let output = node.drain()
        #expect(output.leaderNoop == nil)
        #expect(node.terms == [2])
    }

    @Test("An output's arrays are reused")
    func reusesArrays() {
        var node = CoreFixture()
        node.lead()
        var output = RaftOutput()
        for _ in 0..<4 {
            node.core.readIndex(context: 1, now: node.now)
            node.core.takeOutput(into: &output)
            node.passTime(.milliseconds(100))
        }
        node.core.takeOutput(into: &output)
        #expect(output.messages.capacity > 0)
        #expect(output.messages.count == 2)
    }
}
