internal import MarbleCluster
internal import MarbleRaft

/// What a node tells others, it must still know after a crash.
extension InvariantChecker {
    /// A message leaves a node, which is in `term`.
    mutating func sends(_ message: RaftMessage, term: RaftTerm) {
        let position = Int(message.from) - 1
        switch message.body {
        case .voteRequest:
            votes(message.from, for: message.from, term: message.term)
            promise(position, message.term)
        case .voteResponse(let granted):
            guard granted else { return }
            votes(message.from, for: message.to, term: message.term)
            promise(position, message.term)
        case .appendResponse(let response):
            guard case .accepted(let matchIndex) = response.outcome else { return }
            promise(position, message.term)
            guard message.term == term else { return }
            if matchIndex > nodes[position].log.lastIndex {
                fail(
                    .acknowledgedIsDurable,
                    "node \(message.from) acknowledges entry \(matchIndex), its log ends at \(nodes[position].log.lastIndex)"
                )
            }
            checkAgreement(message, at: matchIndex)
            nodes[position].promisedIndex = max(nodes[position].promisedIndex, matchIndex)
        default:
            break
        }
    }

    /// An acknowledged entry is the one that the leader has there (Raft paper, figure 2, step 2).
    private mutating func checkAgreement(_ message: RaftMessage, at index: RaftIndex) {
        let leader = nodes[Int(message.to) - 1]
        guard !outcomesOnly, leader.leadsTerm == message.term,
            let expected = leader.log.term(at: index),
            let found = nodes[Int(message.from) - 1].log.term(at: index), found != expected
        else { return }
        fail(
            .acknowledgedIsTheLeaders,
            "node \(message.from) acknowledges entry \(index) of term \(found) to node \(message.to), where it is of term \(expected)"
        )
    }

    private mutating func promise(_ position: Int, _ term: RaftTerm) {
        nodes[position].promisedTerm = max(nodes[position].promisedTerm, term)
    }

    private mutating func votes(_ voter: RaftNodeID, for candidate: RaftNodeID, term: RaftTerm) {
        let ballot = Ballot(term: term, voter: voter)
        if nodes[Int(voter) - 1].hasForgottenVotes {
            fail(.oneVoteATerm, "node \(voter) votes in term \(term), after its disk was wiped")
        }
        if !outcomesOnly, let other = votes[ballot], other != candidate {
            fail(
                .oneVoteATerm,
                "node \(voter) votes for node \(other) and for node \(candidate) in term \(term)")
        }
        votes[ballot] = candidate
    }

    /// A node has started with what its disk holds: `log` as it was read back.
    mutating func recovers(
        _ node: RaftNodeID, hardState: RaftHardState, log: ShadowLog, appliedIndex: RaftIndex
    ) {
        let position = Int(node) - 1
        let before = nodes[position]
        if !outcomesOnly { checkPromises(node, hardState: hardState, before: before, after: log) }
        nodes[position].log = log
        nodes[position].promisedIndex = min(before.promisedIndex, log.lastIndex)
        nodes[position].commitIndex = appliedIndex
        nodes[position].leadsTerm = nil
        // What a cluster of one hadn't made durable nobody has seen: it may lead the term anew.
        if nodes.count == 1 { placed = [:] }
        checkMatching(node)
    }

    private mutating func checkPromises(
        _ node: RaftNodeID, hardState: RaftHardState, before: NodeHistory, after log: ShadowLog
    ) {
        if hardState.term < before.promisedTerm {
            fail(
                .termNeverGoesBack,
                "node \(node) starts in term \(hardState.term), but has voted or acknowledged in term \(before.promisedTerm)"
            )
        }
        let ballot = Ballot(term: hardState.term, voter: node)
        if !before.hasForgottenVotes, let voted = votes[ballot], hardState.votedFor != voted {
            fail(
                .termNeverGoesBack,
                "node \(node) has forgotten its vote for node \(voted) in term \(hardState.term)")
        }
        checkPromisedEntries(node, before: before, after: log)
    }

    private mutating func checkPromisedEntries(
        _ node: RaftNodeID, before: NodeHistory, after: ShadowLog
    ) {
        guard before.promisedIndex > after.baseIndex else { return }
        guard after.lastIndex >= before.promisedIndex else {
            return fail(
                .acknowledgedIsDurable,
                "node \(node) starts with a log that ends at \(after.lastIndex), but has acknowledged entries up to \(before.promisedIndex)"
            )
        }
        var index = max(after.baseIndex, before.log.baseIndex) + 1
        while index <= before.promisedIndex {
            if after[index] != before.log[index] {
                return fail(
                    .acknowledgedIsDurable,
                    "node \(node) starts with another entry at index \(index) than the one it acknowledged"
                )
            }
            index += 1
        }
    }

    private mutating func checkMatching(_ node: RaftNodeID) {
        let log = nodes[Int(node) - 1].log
        var previousTerm = log.baseTerm
        var index = log.baseIndex
        for entry in log.entries {
            index += 1
            let found = PlacedEntry(entry: entry, previousTerm: previousTerm)
            if let known = placed[Place(index: index, term: entry.term)], known != found {
                return fail(
                    .logMatching,
                    "node \(node) reads back another entry at index \(index), term \(entry.term) than was written: \(found), not \(known)"
                )
            }
            previousTerm = entry.term
        }
    }

    /// A node's disk is gone, and with it all that the node knew.
    mutating func forgets(_ node: RaftNodeID) {
        nodes[Int(node) - 1] = NodeHistory(hasForgottenVotes: true)
    }
}
