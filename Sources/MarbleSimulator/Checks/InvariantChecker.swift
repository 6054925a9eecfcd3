internal import MarbleCluster
internal import MarbleRaft

/// Knows the whole cluster's history, and compares each step with it. The first violation is kept;
/// nothing that is seen after it counts.
struct InvariantChecker {
    /// An entry that some node has known to be committed.
    struct Committed {
        var entry: ShadowEntry
        /// The term in which it was committed.
        var inTerm: RaftTerm
    }

    /// What the checks remember of a node, across its crashes.
    struct NodeHistory {
        var log = ShadowLog()
        /// Entries up to here were acknowledged as durable to a leader, and not truncated since.
        var promisedIndex: RaftIndex = 0
        /// The term that others were told of in votes and acknowledgements.
        var promisedTerm: RaftTerm = 0
        var commitIndex: RaftIndex = 0
        /// The term that it leads.
        var leadsTerm: RaftTerm?
        /// Its disk was wiped: it needn't know its votes any more, and gives no more of them.
        var hasForgottenVotes = false
    }

    /// Names a place in any log.
    struct Place: Hashable {
        var index: RaftIndex
        var term: RaftTerm
    }

    /// The entry at a place, and the term of the one before it.
    struct PlacedEntry: Equatable {
        var entry: ShadowEntry
        var previousTerm: RaftTerm
    }

    struct Ballot: Hashable {
        var term: RaftTerm
        var voter: RaftNodeID
    }

    private(set) var violation: InvariantViolation?
    var nodes: [NodeHistory]

    // Dictionaries are looked up and never iterated: their order differs from run to run.
    var leaders: [RaftTerm: RaftNodeID] = [:]
    var votes: [Ballot: RaftNodeID] = [:]
    var placed: [Place: PlacedEntry] = [:]
    var committedIndexOfToken: [UInt64: RaftIndex] = [:]

    /// By index; the first element stands for index 0 and is never looked at.
    var committed: [Committed] = []
    /// State hashes by index; nil where no node has said yet, and at no-ops.
    var stateHashes: [UInt64?] = []
    var proposals = ProposalRecord()

    let outcomesOnly: Bool

    init(nodeCount: Int, outcomesOnly: Bool = false) {
        self.outcomesOnly = outcomesOnly
        nodes = Array(repeating: NodeHistory(), count: nodeCount)
    }

    var committedIndex: RaftIndex { UInt64(committed.count) }

    func committed(at index: RaftIndex) -> Committed? {
        guard index > 0, index <= committedIndex else { return nil }
        return committed[Int(index - 1)]
    }

    mutating func fail(_ invariant: InvariantViolation.Invariant, _ detail: String) {
        guard violation == nil else { return }
        violation = InvariantViolation(invariant: invariant, detail: detail)
    }

    // MARK: Roles

    mutating func leads(_ node: RaftNodeID, term: RaftTerm) {
        if let other = leaders[term], other != node {
            fail(.oneLeaderATerm, "nodes \(other) and \(node) both lead term \(term)")
        }
        leaders[term] = node
        nodes[Int(node) - 1].leadsTerm = term
        checkCompleteness(of: node, term: term)
    }

    mutating func doesNotLead(_ node: RaftNodeID) { nodes[Int(node) - 1].leadsTerm = nil }

    /// Raft paper, section 5.4: what was committed in an earlier term is in this leader's log.
    private mutating func checkCompleteness(of node: RaftNodeID, term: RaftTerm) {
        let log = nodes[Int(node) - 1].log
        var index = log.baseIndex + 1
        while index <= committedIndex, let expected = committed(at: index) {
            if expected.inTerm < term, log[index] != expected.entry {
                let found = log[index].map { "an entry of term \($0.term)" } ?? "nothing"
                fail(
                    .leaderCompleteness,
                    "node \(node) leads term \(term) with \(found) at index \(index), where the entry of term \(expected.entry.term) was committed in term \(expected.inTerm)"
                )
                return
            }
            index += 1
        }
    }
}
