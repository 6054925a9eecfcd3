import MarbleRaft
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MarbleCluster

@Suite("PendingProposals")
struct PendingProposalsTests {
    private final class Owner: RaftProposalOwner {
        private let answers = NIOLockedValueBox<[String]>([])

        /// What it was told, in order: `token=outcome` or `token:code`.
        var heard: [String] { answers.withLockedValue { $0 } }

        func proposalsApplied(_ results: [RaftProposalResult]) {
            answers.withLockedValue { answers in
                answers += results.map { "\($0.token)=\(String(buffer: $0.outcome))" }
            }
        }

        func proposalsFailed(_ tokens: [UInt64], _ error: RaftError) {
            answers.withLockedValue { answers in
                answers += tokens.map { "\($0):\(error.code.rawValue)" }
            }
        }
    }

    private let owner = Owner()

    private func pending(
        _ range: ClosedRange<RaftIndex>, term: RaftTerm = 1, owner: Owner? = nil
    ) -> PendingProposals {
        var proposals = PendingProposals()
        for index in range {
            proposals.add(
                index: index, term: term, token: index * 10, byteCount: 100,
                owner: owner ?? self.owner)
        }
        return proposals
    }

    private func outcomes(_ entries: [RaftEntry]) -> [ByteBuffer] {
        entries.map { ByteBuffer(string: "o\($0.index)") }
    }

    private func apply(
        _ entries: [RaftEntry], to proposals: inout PendingProposals, through: RaftIndex? = nil
    ) {
        proposals.applied(
            entries, outcomes: outcomes(entries), through: through ?? entries.last?.index ?? 0)
    }

    @Test func `proposals hear the outcomes of their entries`() {
        var proposals = pending(3...5)
        apply(entries(1...4, term: 1), to: &proposals)
        #expect(owner.heard == ["30=o3", "40=o4"])
        #expect(proposals.byteCount == 100)
        apply(entries(5...6, term: 1), to: &proposals)
        #expect(owner.heard == ["30=o3", "40=o4", "50=o5"])
        #expect(proposals.isEmpty)
        #expect(proposals.byteCount == 0)
    }

    @Test func `each owner hears of its own`() {
        let other = Owner()
        var proposals = pending(1...2)
        proposals.add(index: 3, term: 1, token: 7, byteCount: 0, owner: other)
        proposals.add(index: 4, term: 1, token: 8, byteCount: 0, owner: owner)
        apply(entries(1...4, term: 1), to: &proposals)
        #expect(owner.heard == ["10=o1", "20=o2", "8=o4"])
        #expect(other.heard == ["7=o3"])
    }

    @Test func `a proposal in whose place another term's entry was committed is superseded`() {
        var proposals = pending(1...3)
        apply([entry(1, term: 1), entry(2, term: 2), entry(3, term: 2)], to: &proposals)
        #expect(owner.heard == ["10=o1", "20:superseded", "30:superseded"])
        #expect(proposals.isEmpty)
    }

    @Test func `a proposal in whose place a no-op was committed is superseded`() {
        var proposals = pending(1...2)
        apply([entry(1, term: 1)], to: &proposals, through: 2)
        #expect(owner.heard == ["10=o1", "20:superseded"])
    }

    @Test func `the outcome of a truncated proposal is unknown`() {
        var proposals = pending(1...4)
        proposals.truncated(from: 3)
        #expect(owner.heard == ["30:outcomeUnknown", "40:outcomeUnknown"])
        #expect(proposals.byteCount == 200)
        apply(entries(1...2, term: 1), to: &proposals)
        #expect(owner.heard.suffix(2) == ["10=o1", "20=o2"])
    }

    @Test func `the outcome of a proposal that a snapshot covers is unknown`() {
        var proposals = pending(1...4)
        proposals.covered(through: 2)
        #expect(owner.heard == ["10:outcomeUnknown", "20:outcomeUnknown"])
        #expect(proposals.byteCount == 200)
    }

    @Test func `all that is pending can be failed at once`() {
        var proposals = pending(1...3)
        proposals.failAll(RaftError(.stopped, "stopped"))
        #expect(owner.heard == ["10:stopped", "20:stopped", "30:stopped"])
        #expect(proposals.isEmpty)
        #expect(proposals.byteCount == 0)
    }

    @Test func `proposals of a leader that was deposed have until the deadline`() {
        let first = RaftInstant(nanoseconds: 1000)
        var proposals = PendingProposals()
        proposals.leadershipLost(deadline: first)
        #expect(proposals.deadline == nil)
        proposals = pending(1...2)
        #expect(proposals.deadline == nil)
        proposals.leadershipLost(deadline: first)
        proposals.leadershipLost(deadline: RaftInstant(nanoseconds: 2000))
        #expect(proposals.deadline == first)
        apply([entry(1, term: 1)], to: &proposals)
        #expect(proposals.deadline == first)
        apply([entry(2, term: 1)], to: &proposals)
        #expect(proposals.deadline == nil)
    }
}
