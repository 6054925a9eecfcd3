internal import MarbleCluster
internal import MarbleRaft

/// Log matching, and what is committed and applied.
extension InvariantChecker {
    mutating func writes(_ node: RaftNodeID, _ write: RaftLogWrite) {
        let position = Int(node) - 1
        if let from = write.truncateFrom {
            if from <= nodes[position].commitIndex {
                fail(
                    .stateMachineSafety,
                    "node \(node) removes entries from \(from) on, but has committed up to \(nodes[position].commitIndex)"
                )
            }
            nodes[position].log.truncate(from: from)
            nodes[position].promisedIndex = min(nodes[position].promisedIndex, from - 1)
        }
        if let point = write.compactThrough {
            nodes[position].log.compact(through: point.firstIndex, term: point.term)
            let last = nodes[position].log.lastIndex
            nodes[position].promisedIndex = min(nodes[position].promisedIndex, last)
        }
        for entry in write.entries { append(ShadowEntry(entry), at: entry.index, to: node) }
    }

    private mutating func append(_ entry: ShadowEntry, at index: RaftIndex, to node: RaftNodeID) {
        let position = Int(node) - 1
        let last = nodes[position].log.lastIndex
        guard index == last + 1, let previousTerm = nodes[position].log.term(at: last) else {
            return fail(
                .logMatching, "node \(node) appends entry \(index) to a log that ends at \(last)")
        }
        let new = PlacedEntry(entry: entry, previousTerm: previousTerm)
        let place = Place(index: index, term: entry.term)
        if let known = placed[place], known != new {
            fail(
                .logMatching,
                "node \(node) has another entry at index \(index), term \(entry.term) than a node before: \(new), not \(known)"
            )
        }
        placed[place] = new
        nodes[position].log.append(entry)
    }

    /// The node's commit index as it is now, in `term`.
    mutating func commits(
        _ node: RaftNodeID, through commitIndex: RaftIndex, term: RaftTerm, isLeader: Bool
    ) {
        let position = Int(node) - 1
        let before = nodes[position].commitIndex
        guard commitIndex != before else { return }
        guard commitIndex > before else {
            return fail(
                .stateMachineSafety,
                "node \(node)'s commit index goes from \(before) to \(commitIndex)")
        }
        nodes[position].commitIndex = commitIndex
        var index = max(before, nodes[position].log.baseIndex) + 1
        while index <= commitIndex {
            guard let entry = nodes[position].log[index] else {
                return fail(
                    .stateMachineSafety,
                    "node \(node) commits entry \(index), which it doesn't have")
            }
            commits(node, entry, at: index, term: term)
            index += 1
        }
        // Raft paper, section 5.4.2 and figure 8: an older entry that a majority has may still go.
        if isLeader, !outcomesOnly, let last = nodes[position].log.term(at: commitIndex),
            last != term
        {
            fail(
                .commitOfOwnTerm,
                "node \(node) leads term \(term) and commits up to entry \(commitIndex), of term \(last)"
            )
        }
    }

    private mutating func commits(
        _ node: RaftNodeID, _ entry: ShadowEntry, at index: RaftIndex, term: RaftTerm
    ) {
        if let known = committed(at: index) {
            if known.entry != entry {
                fail(
                    .stateMachineSafety,
                    "node \(node) commits an entry of term \(entry.term) at index \(index), where one of term \(known.entry.term) was committed in term \(known.inTerm)"
                )
            }
            return
        }
        guard index == committedIndex + 1 else {
            return fail(
                .stateMachineSafety,
                "node \(node) commits entry \(index) while nobody has committed those after \(committedIndex)"
            )
        }
        committed.append(Committed(entry: entry, inTerm: term))
        stateHashes.append(nil)
        guard entry.token != 0 else { return }
        if let other = committedIndexOfToken[entry.token] {
            fail(
                .exactlyOnce,
                "proposal \(entry.token) is committed at index \(other) and again at \(index)")
        }
        committedIndexOfToken[entry.token] = index
        if proposals[entry.token] == .refused {
            fail(
                .refusedHasNoEffect,
                "proposal \(entry.token) was refused, and is committed at index \(index)")
        }
    }

    /// The driver hands committed commands to the state machine, `after` which it has applied.
    mutating func applies(
        _ node: RaftNodeID, _ entries: [RaftEntry], after: RaftIndex, through: RaftIndex
    ) {
        var position = 0
        guard through > after else {
            return fail(.stateMachineSafety, "node \(node) applies \(through) after \(after)")
        }
        for index in after + 1...through {
            guard let expected = committed(at: index) else {
                return fail(
                    .stateMachineSafety,
                    "node \(node) applies entry \(index), which isn't committed")
            }
            guard position < entries.count, entries[position].index == index else {
                if expected.entry.kind == .command {
                    return fail(
                        .stateMachineSafety, "node \(node) leaves out command \(index)")
                }
                continue
            }
            if ShadowEntry(entries[position]) != expected.entry {
                fail(
                    .stateMachineSafety,
                    "node \(node) applies another entry at index \(index) than the committed one")
            }
            position += 1
        }
        if position != entries.count {
            fail(
                .stateMachineSafety,
                "node \(node) applies \(entries.count - position) entries out of order before \(through)"
            )
        }
    }

    /// The state machine's hash after the command at `index`.
    mutating func hasState(_ node: RaftNodeID, hash: UInt64, at index: RaftIndex) {
        guard index > 0, index <= committedIndex else {
            return fail(
                .stateMachineSafety,
                "node \(node) has a state at index \(index), which isn't committed"
            )
        }
        if let known = stateHashes[Int(index - 1)], known != hash {
            fail(.sameState, "node \(node) has another state at index \(index) than a node before")
        }
        stateHashes[Int(index - 1)] = hash
    }

    /// A state machine was restored from a snapshot of the state at `index`.
    mutating func hasRestored(_ node: RaftNodeID, hash: UInt64, at index: RaftIndex) {
        guard index <= committedIndex else {
            return fail(
                .stateMachineSafety,
                "node \(node) restores a state at index \(index), which isn't committed")
        }
        var command = index
        while command > 0, committed(at: command)?.entry.kind == .noop { command -= 1 }
        let expected = command == 0 ? 0 : stateHashes[Int(command - 1)]
        if let expected, expected != hash {
            fail(
                .sameState,
                "node \(node) restores another state at index \(index) than a node had before")
        }
    }
}
