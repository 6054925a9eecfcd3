@testable import MarbleRaft

extension TestCluster {
    /// Carries out what a node's core wants done.
    func drain(_ node: TestNode) {
        while node.core.hasOutput {
            node.core.takeOutput(into: &node.output)
            let output = node.output
            if let noop = output.leaderNoop {
                node.memory[noop.index] = TestEntry(term: noop.term, value: 0)
            }
            write(output, of: node)
            packets += output.messages.map { TestPacket(message: $0) }
            for send in output.sends { ship(send, of: node) }
            if let change = output.roleChange, change.role == .leader { noteLeader(node) }
            if let commitIndex = output.commitIndex { apply(through: commitIndex, on: node) }
            for read in output.readStates { finishRead(read.context, index: read.index) }
            for context in output.readFailures where pendingReads[context] != nil {
                pendingReads[context] = nil
                failedReads.append(context)
            }
            if let install = output.snapshotInstall {
                node.install = (install.from, install.index)
            }
        }
    }

    private func write(_ output: RaftOutput, of node: TestNode) {
        var messages = output.messagesAfterPersist.map { TestPacket(message: $0) }
        if acknowledgesBeforeDurable {
            packets += messages
            messages = []
        }
        if let persist = output.persist {
            let range = persist.append.map(Array.init) ?? []
            node.writes.append(
                TestNode.Write(
                    persist: persist, entries: range.compactMap { node.memory[$0] },
                    messages: messages))
        } else if node.writes.isEmpty {
            packets += messages
        } else {
            node.writes[node.writes.count - 1].messages += messages
        }
    }

    private func ship(_ send: RaftSend, of node: TestNode) {
        guard let last = limitSend(send) else {
            node.core.sendFailed(to: send.to, ticket: send.ticket)
            return
        }
        guard let message = node.core.appendMessage(for: send, through: last) else {
            violations.append("node \(node.id): a send is out of date at once: \(send)")
            return
        }
        var entries: [TestEntry] = []
        var index = send.first
        while index <= last {
            if let entry = node.memory[index] {
                entries.append(entry)
            } else {
                violations.append("node \(node.id): no payload for \(index)")
            }
            index += 1
        }
        packets.append(TestPacket(message: message, entries: entries))
        node.core.didSend(
            to: send.to, ticket: send.ticket, through: last, byteCount: entries.count * 10)
    }

    /// Election safety (paper, 5.2) and leader completeness (5.4.3).
    private func noteLeader(_ node: TestNode) {
        let term = node.core.term
        if let other = leaders[term], other != node.id {
            violations.append("election safety: nodes \(other) and \(node.id) lead term \(term)")
        }
        leaders[term] = node.id
        for (index, committed) in history where index >= node.core.firstIndex {
            if node.memory[index] != committed.entry {
                violations.append(
                    "leader completeness: node \(node.id) leads term \(term) without \(index)")
                return
            }
        }
    }

    /// State machine safety (paper, 5.4.3).
    private func apply(through commitIndex: RaftIndex, on node: TestNode) {
        while node.applied.index < commitIndex {
            let index = node.applied.index + 1
            guard let entry = node.memory[index] else {
                violations.append("node \(node.id): committed \(index) without its payload")
                return
            }
            let state = Self.hash(node.applied.state, entry)
            if let known = history[index] {
                if known.entry != entry || known.state != state {
                    violations.append("state machine safety: node \(node.id) differs at \(index)")
                }
            } else {
                history[index] = (entry, state)
                checkDurability(of: index, entry)
            }
            node.applied = TestSnapshot(index: index, term: entry.term, state: state)
        }
        highestCommitted = max(highestCommitted, commitIndex)
        node.core.applied(through: commitIndex)
    }

    /// What is committed is on a majority's disks.
    private func checkDurability(of index: RaftIndex, _ entry: TestEntry) {
        let holders = ids.filter {
            self[$0].mayVote && self[$0].disk.holds(index, term: entry.term)
        }
        // A lost disk may have been counted while it was there.
        let lostCount = ids.count { !self[$0].mayVote }
        if holders.count + lostCount <= ids.count / 2 {
            violations.append(
                "durability: \(index) is committed and only on the disks of \(holders)")
        }
    }

    private func finishRead(_ context: UInt64, index: RaftIndex) {
        guard let expected = pendingReads.removeValue(forKey: context) else { return }
        answeredReads.append((context, index))
        if index < expected {
            violations.append("linearizable reads: \(expected) was committed, a read got \(index)")
        }
    }

    /// Log matching (paper, 5.3): logs that agree at an index agree before it.
    func checkLogMatching() {
        for left in ids {
            for right in ids where left < right && self[left].isUp && self[right].isUp {
                let first = max(self[left].core.firstIndex, self[right].core.firstIndex)
                var index = min(self[left].core.lastIndex, self[right].core.lastIndex)
                var agree = false
                while index >= first {
                    let a = self[left].memory[index]
                    let b = self[right].memory[index]
                    if agree || a?.term == b?.term, a != b || a == nil {
                        violations.append("log matching: nodes \(left), \(right) at \(index)")
                        return
                    }
                    agree = agree || a == b
                    index -= 1
                }
            }
        }
    }

    static func hash(_ state: UInt64, _ entry: TestEntry) -> UInt64 {
        var random = RaftRandom(seed: state ^ (entry.term << 32) ^ entry.value)
        return random.next()
    }
}
