import MarbleRaft
import NIOCore
import Testing

@testable import MarbleCluster
@testable import MarbleSimulator

/// Each check is shown a history that breaks it.
@Suite struct InvariantCheckerTests {
    private func entry(_ index: RaftIndex, term: RaftTerm, token: UInt64) -> RaftEntry {
        RaftEntry(
            index: index, term: term, kind: .command,
            payload: CommandPayload.make(token: token, fillByteCount: 0))
    }

    private func write(
        _ entries: [RaftEntry], truncateFrom: RaftIndex? = nil
    ) -> RaftLogWrite {
        RaftLogWrite(
            sequence: 1, truncateFrom: truncateFrom, entries: entries, hardState: nil,
            compactThrough: nil)
    }

    private func broken(
        _ history: (inout InvariantChecker) -> Void
    ) -> InvariantViolation.Invariant? {
        var checker = InvariantChecker(nodeCount: 3)
        history(&checker)
        return checker.violation?.invariant
    }

    @Test func `two leaders in a term are a violation`() {
        #expect(
            broken {
                $0.leads(1, term: 4)
                $0.leads(2, term: 4)
            } == .oneLeaderATerm)
        #expect(
            broken {
                $0.leads(1, term: 4)
                $0.leads(2, term: 5)
                $0.leads(1, term: 4)
            } == nil)
    }

    @Test func `two votes in a term are a violation`() {
        func vote(for candidate: RaftNodeID, _ term: RaftTerm) -> RaftMessage {
            RaftMessage(from: 3, to: candidate, term: term, body: .voteResponse(granted: true))
        }
        #expect(
            broken {
                $0.sends(vote(for: 1, 2), term: 2)
                $0.sends(vote(for: 2, 2), term: 2)
            } == .oneVoteATerm)
        #expect(
            broken {
                $0.sends(vote(for: 1, 2), term: 2)
                $0.sends(vote(for: 2, 3), term: 3)
            } == nil)
    }

    @Test func `another entry at the same index and term breaks log matching`() {
        #expect(
            broken {
                $0.writes(1, write([entry(1, term: 1, token: 1)]))
                $0.writes(2, write([entry(1, term: 1, token: 2)]))
            } == .logMatching)
    }

    @Test func `the same entry after different ones breaks log matching`() {
        #expect(
            broken {
                $0.writes(1, write([entry(1, term: 1, token: 1), entry(2, term: 3, token: 3)]))
                $0.writes(2, write([entry(1, term: 2, token: 2), entry(2, term: 3, token: 3)]))
            } == .logMatching)
    }

    @Test func `a leader without a committed entry is a violation`() {
        #expect(
            broken {
                $0.writes(1, write([entry(1, term: 1, token: 1)]))
                $0.commits(1, through: 1, term: 1, isLeader: true)
                $0.leads(2, term: 2)
            } == .leaderCompleteness)
    }

    @Test func `two nodes that commit different entries are a violation`() {
        #expect(
            broken {
                $0.writes(1, write([entry(1, term: 1, token: 1)]))
                $0.commits(1, through: 1, term: 1, isLeader: true)
                $0.writes(2, write([entry(1, term: 2, token: 2)]))
                $0.commits(2, through: 1, term: 2, isLeader: true)
            } == .stateMachineSafety)
    }

    @Test func `a committed entry that is removed is a violation`() {
        #expect(
            broken {
                $0.writes(1, write([entry(1, term: 1, token: 1)]))
                $0.commits(1, through: 1, term: 1, isLeader: true)
                $0.writes(1, write([], truncateFrom: 1))
            } == .stateMachineSafety)
    }

    @Test func `a leader that commits an older term's entry by count is a violation`() {
        #expect(
            broken {
                $0.writes(1, write([entry(1, term: 1, token: 1)]))
                $0.commits(1, through: 1, term: 2, isLeader: true)
            } == .commitOfOwnTerm)
    }

    @Test func `a command that is left out is a violation`() {
        #expect(
            broken {
                $0.writes(
                    1, write([entry(1, term: 1, token: 1), entry(2, term: 1, token: 2)]))
                $0.commits(1, through: 2, term: 1, isLeader: true)
                $0.applies(1, [entry(2, term: 1, token: 2)], after: 0, through: 2)
            } == .stateMachineSafety)
    }

    @Test func `two states at an index are a violation`() {
        #expect(
            broken {
                $0.writes(1, write([entry(1, term: 1, token: 1)]))
                $0.commits(1, through: 1, term: 1, isLeader: true)
                $0.hasState(1, hash: 5, at: 1)
                $0.hasState(2, hash: 6, at: 1)
            } == .sameState)
        #expect(
            broken {
                $0.writes(1, write([entry(1, term: 1, token: 1)]))
                $0.commits(1, through: 1, term: 1, isLeader: true)
                $0.hasState(1, hash: 5, at: 1)
                $0.hasRestored(2, hash: 6, at: 1)
            } == .sameState)
    }

    @Test func `acknowledged entries that a crash takes are a violation`() {
        func ack(_ index: RaftIndex) -> RaftMessage {
            RaftMessage(
                from: 1, to: 2, term: 1,
                body: .appendResponse(
                    RaftAppendResponse(
                        outcome: .accepted(matchIndex: index), countsForQuorum: true)))
        }
        let state = RaftHardState(term: 1, votedFor: nil)
        #expect(
            broken {
                $0.writes(1, write([entry(1, term: 1, token: 1)]))
                $0.sends(ack(1), term: 1)
                $0.recovers(1, hardState: state, log: ShadowLog(), appliedIndex: 0)
            } == .acknowledgedIsDurable)
        #expect(
            broken {
                $0.writes(1, write([entry(1, term: 1, token: 1)]))
                $0.recovers(1, hardState: state, log: ShadowLog(), appliedIndex: 0)
            } == nil)
        #expect(
            broken {
                $0.sends(ack(0), term: 1)
                $0.recovers(1, hardState: RaftHardState(), log: ShadowLog(), appliedIndex: 0)
            } == .termNeverGoesBack)
    }

    @Test func `an acknowledgement of another entry than the leader's is a violation`() {
        let ack = RaftMessage(
            from: 2, to: 1, term: 2,
            body: .appendResponse(
                RaftAppendResponse(outcome: .accepted(matchIndex: 1), countsForQuorum: true)))
        #expect(
            broken {
                $0.leads(1, term: 2)
                $0.writes(1, write([entry(1, term: 2, token: 1)]))
                $0.writes(2, write([entry(1, term: 1, token: 2)]))
                $0.sends(ack, term: 2)
            } == .acknowledgedIsTheLeaders)
        #expect(
            broken {
                $0.leads(1, term: 2)
                $0.doesNotLead(1)
                $0.writes(1, write([entry(1, term: 2, token: 1)]))
                $0.writes(2, write([entry(1, term: 1, token: 2)]))
                $0.sends(ack, term: 2)
            } == nil)
    }

    @Test func `a vote that a crash takes is a violation`() {
        #expect(
            broken {
                $0.sends(
                    RaftMessage(from: 1, to: 2, term: 3, body: .voteResponse(granted: true)),
                    term: 3)
                $0.recovers(
                    1, hardState: RaftHardState(term: 3, votedFor: nil), log: ShadowLog(),
                    appliedIndex: 0)
            } == .termNeverGoesBack)
    }

    @Test func `a read that misses an acknowledged write is a violation`() {
        #expect(
            broken { $0.read(1, index: 4, appliedIndex: 4, floor: 5) } == .linearizableReads)
        #expect(
            broken { $0.read(1, index: 5, appliedIndex: 4, floor: 5) } == .linearizableReads)
        #expect(broken { $0.read(1, index: 5, appliedIndex: 6, floor: 5) } == nil)
    }

    @Test func `an acknowledgement of what isn't committed is a violation`() {
        #expect(
            broken {
                let token = $0.proposals.add(count: 1)
                $0.acknowledged(
                    RaftProposalResult(token: token, index: 1, term: 1, outcome: ByteBuffer()))
            } == .acknowledgedIsCommitted)
    }

    @Test func `a refused proposal that is committed is a violation`() {
        #expect(
            broken {
                let token = $0.proposals.add(count: 1)
                $0.failed([token], .notLeader)
                $0.writes(1, write([entry(1, term: 1, token: token)]))
                $0.commits(1, through: 1, term: 1, isLeader: true)
            } == .refusedHasNoEffect)
        #expect(
            broken {
                let token = $0.proposals.add(count: 1)
                $0.failed([token], .outcomeUnknown)
                $0.writes(1, write([entry(1, term: 1, token: token)]))
                $0.commits(1, through: 1, term: 1, isLeader: true)
            } == nil)
    }

    @Test func `a proposal that is committed twice or answered twice is a violation`() {
        #expect(
            broken {
                let token = $0.proposals.add(count: 1)
                $0.writes(
                    1, write([entry(1, term: 1, token: token), entry(2, term: 1, token: token)]))
                $0.commits(1, through: 2, term: 1, isLeader: true)
            } == .exactlyOnce)
        #expect(
            broken {
                let token = $0.proposals.add(count: 1)
                $0.failed([token], .notLeader)
                $0.failed([token], .notLeader)
            } == .exactlyOnce)
    }
}
