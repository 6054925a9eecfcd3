import Testing

@testable import MarbleRaft

@Suite("Log replication (paper, sections 5.3 and 5.4)")
struct ReplicationTests {
    @Test("5.3: a leader takes proposals into its log, and ships them before its disk has them")
    func proposes() {
        var node = CoreFixture()
        node.lead()
        _ = node.ship(node.drain())
        node.accept(1, from: 2)
        _ = node.ship(node.drain())
        _ = node.drain()
        node.persistsAtOnce = false
        #expect(node.core.propose(count: 3, byteCount: 30, now: node.now) == .success(2))
        let output = node.drain()
        #expect(output.persist?.append == 2...4)
        #expect(output.sends.map(\.to) == [2])
        #expect(output.sends.first?.first == 2 && output.sends.first?.last == 4)
        #expect(node.core.uncommittedByteCount == 30)
    }

    @Test("A new leader refuses proposals until its first entry has been drained")
    func firstEntryComesFirst() {
        var node = CoreFixture(voters: [1])
        node.timeOut()
        #expect(
            node.core.propose(count: 1, byteCount: 1, now: node.now)
                == .failure(.notLeader(leader: nil)))
        _ = node.drain()
        #expect(node.core.propose(count: 1, byteCount: 1, now: node.now) == .success(2))
    }

    @Test("A follower refuses proposals and names the leader")
    func followerRefuses() {
        var node = CoreFixture()
        #expect(
            node.core.propose(count: 1, byteCount: 1, now: node.now)
                == .failure(.notLeader(leader: nil)))
        node.step(.heartbeat(commitIndex: 0, readSequence: 0), from: 2, term: 1)
        #expect(
            node.core.propose(count: 1, byteCount: 1, now: node.now)
                == .failure(.notLeader(leader: 2)))
    }

    @Test(
        "5.3: an entry is committed once a majority has it durably; the leader's disk is one of them"
    )
    func commitsByMajority() {
        var node = CoreFixture(voters: [1, 2, 3, 4, 5])
        node.lead()
        node.persistsAtOnce = false
        let output = node.drain()
        _ = node.ship(output)
        node.accept(1, from: 2)
        node.accept(1, from: 3)
        #expect(node.core.commitIndex == 0, "two of five, and the leader's own isn't durable")
        node.core.persisted(sequence: output.persist?.sequence ?? 0, now: node.now)
        #expect(node.core.commitIndex == 1)
    }

    @Test("10.2.1: a majority of followers commits without the leader's disk")
    func commitsWithoutOwnDisk() {
        var node = CoreFixture()
        node.lead()
        node.persistsAtOnce = false
        _ = node.ship(node.drain())
        node.accept(1, from: 2)
        node.accept(1, from: 3)
        #expect(node.core.commitIndex == 1)
        #expect(node.core.persistedIndex == 0)
    }

    @Test("5.3: a follower stores what fits, and acknowledges when it is durable")
    func followerStores() {
        var node = CoreFixture()
        let stored = node.step(CoreFixture.append(term: 1, after: (0, 0), [1, 1], commit: 1))
        #expect(stored == 1...2)
        let output = node.drain()
        #expect(output.persist?.append == 1...2)
        #expect(output.persist?.hardState?.term == 1)
        #expect(output.messages.isEmpty)
        #expect(output.messagesAfterPersist.map(\.acknowledgedIndex) == [2])
        #expect(output.commitIndex == 1)
    }

    @Test("Appends between two drains become one write and one acknowledgement")
    func mergesWrites() {
        var node = CoreFixture()
        node.step(CoreFixture.append(term: 1, after: (0, 0), [1]))
        node.step(CoreFixture.append(term: 1, after: (1, 1), [1, 1]))
        node.step(CoreFixture.append(term: 1, after: (3, 1), [1]))
        let output = node.drain()
        #expect(output.persist?.append == 1...4)
        #expect(output.messagesAfterPersist.map(\.acknowledgedIndex) == [4])
    }

    @Test("5.3: a follower without the entry before refuses, and says where the logs can agree")
    func followerRejects() {
        var node = CoreFixture(terms: [1, 1, 4])
        node.step(CoreFixture.append(term: 5, after: (7, 5), [5]))
        node.step(CoreFixture.append(term: 5, after: (3, 3), [5]))
        let outcomes = node.drain().messages.compactMap { message -> RaftAppendResponse.Outcome? in
            guard case .appendResponse(let response) = message.body else { return nil }
            return response.outcome
        }
        #expect(
            outcomes == [
                .rejected(previousIndex: 7, hintIndex: 3, hintTerm: 4, lastIndex: 3),
                .rejected(previousIndex: 3, hintIndex: 2, hintTerm: 1, lastIndex: 3),
            ])
    }

    @Test("5.3: entries that contradict the leader's are removed, agreeing ones are kept")
    func removesConflicts() {
        var node = CoreFixture(terms: [1, 1, 2, 2, 3])
        #expect(node.step(CoreFixture.append(term: 4, after: (1, 1), [1, 2])) == nil)
        #expect(node.terms == [1, 1, 2, 2, 3], "an old message removes nothing")
        #expect(node.step(CoreFixture.append(term: 4, after: (2, 1), [2, 4])) == 4...4)
        #expect(node.terms == [1, 1, 2, 4])
        let persist = node.drain().persist
        #expect(persist?.truncateFrom == 4)
        #expect(persist?.append == 4...4)
    }

    @Test("5.3: a follower commits no further than it knows its log to agree with the leader's")
    func commitsOnlyWhatAgrees() {
        var node = CoreFixture(terms: [1, 1, 1, 1])
        node.step(.heartbeat(commitIndex: 4, readSequence: 0), from: 2, term: 2)
        #expect(node.core.commitIndex == 0)
        node.step(CoreFixture.append(term: 2, after: (1, 1), [1], commit: 4))
        #expect(node.core.commitIndex == 2)
        node.step(.heartbeat(commitIndex: 4, readSequence: 0), from: 2, term: 2)
        #expect(node.core.commitIndex == 2)
    }

    /// Figure 7: the leader of term 8, and six followers that may exist.
    static let possibleFollowers: [[RaftTerm]] = [
        [1, 1, 1, 4, 4, 5, 5, 6, 6],
        [1, 1, 1, 4],
        [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
        [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        [1, 1, 1, 4, 4, 4, 4],
        [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ]

    @Test("Figure 7: every follower's log becomes the leader's", arguments: possibleFollowers)
    func figure7(followerTerms: [RaftTerm]) {
        let leaderTerms: [RaftTerm] = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
        let cluster = TestCluster(3)
        for (id, terms) in zip(cluster.ids, [leaderTerms, followerTerms, leaderTerms]) {
            cluster.crash(id)
            cluster[id].disk.entries = terms.enumerated().map {
                TestEntry(term: $1, value: $1 * 100 + UInt64($0))
            }
            cluster[id].disk.hardState = RaftHardState(term: 7)
            cluster.restart(id)
        }
        cluster.elect(1)
        #expect(cluster[1].core.role == .leader)
        #expect(cluster[2].log == cluster[1].log)
        #expect(cluster[2].disk.entries.map(\.term) == leaderTerms + [8])
        #expect(cluster[2].core.commitIndex == 11)
        #expect(cluster.violations == [])
    }

    @Test("Backtracking skips a whole term at a time (thesis, page 23)")
    func backtracksByTerms() {
        var node = CoreFixture(
            terms: Array(repeating: 1, count: 50) + Array(repeating: 9, count: 50))
        node.lead()
        var sends = node.drain().sends.filter { $0.to == 2 }
        var follower = CoreFixture(
            nodeID: 2, terms: Array(repeating: 1, count: 20) + Array(repeating: 4, count: 70))
        var rounds = 0
        while node.core.progress(of: 2)?.state == .probe, let send = sends.last, rounds < 20 {
            rounds += 1
            for message in [send].compactMap({ node.core.appendMessage(for: $0, through: $0.last) })
            {
                follower.step(message)
            }
            node.core.didSend(to: 2, ticket: send.ticket, through: send.last, byteCount: 1)
            let output = follower.drain()
            for answer in output.messages + output.messagesAfterPersist { node.step(answer) }
            sends = node.drain().sends.filter { $0.to == 2 }
        }
        #expect(rounds <= 3)
        #expect(follower.terms == node.terms)
    }

    @Test(
        "Figure 8: an entry of an earlier term isn't committed by counting",
        arguments: [false, true])
    func figure8(planted: Bool) {
        let cluster = TestCluster(5) { configuration in
            configuration.maxEntriesPerSend = 1
            configuration.preVote = false
            configuration.plantedBug = planted ? .commitsOlderTermByCount : nil
        }
        let outsiders: (RaftNodeID) -> Void = { cluster.isolate($0) }
        // (a) S1 leads and replicates its entry to S2 only.
        [3, 4, 5].forEach(outsiders)
        for link in cluster.cut where link.from > 2 { cluster.cut.remove(link) }
        for id in cluster.ids where id > 2 { cluster.cut.remove(.init(from: 1, to: id)) }
        cluster.timeOut(1)
        for _ in 0..<2 { stepVotes(cluster) }
        [3, 4, 5].forEach(outsiders)
        cluster.settle()
        #expect(cluster[2].disk.entries.map(\.term) == [1])
        // (b) S1 crashes; S5 leads with the votes of S3 and S4, and takes another entry alone.
        cluster.crash(1)
        cluster.heal()
        cluster.isolate(2)
        cluster.timeOut(5)
        for _ in 0..<2 { stepVotes(cluster) }
        cluster.packets = []
        for node in cluster.ids.map({ cluster[$0] }) where node.id == 5 {
            cluster.completeWrite(node)
        }
        #expect(cluster[5].core.role == .leader && cluster[5].core.term == 2)
        // (c) S5 crashes; S1 leads again and replicates its old entry, and nothing newer, to S3.
        cluster.crash(5)
        cluster.packets = []
        cluster.restart(1)
        cluster.heal()
        cluster.limitSend = { send in
            guard send.last > 1 else { return send.last }
            let isProbe = cluster[1].core.progress(of: send.to)?.state == .probe
            return isProbe ? send.previousIndex : nil
        }
        cluster.advance(by: .milliseconds(2100))
        cluster.packets = []
        var attempts = 0
        while cluster[1].core.role != .leader, attempts < 5 {
            attempts += 1
            cluster.timeOut(1)
            cluster.settle()
        }
        cluster.isolate(4)
        for _ in 0..<5 {
            cluster.advance(by: .milliseconds(100))
            cluster.settle()
        }
        #expect(cluster[3].disk.entries.map(\.term) == [1])
        #expect(cluster.highestCommitted == (planted ? 1 : 0))
        // (d) S1 crashes; S5 leads with the votes of S2, S3 and S4, and overwrites the entry.
        cluster.crash(1)
        cluster.packets = []
        cluster.heal()
        cluster.limitSend = { $0.last }
        cluster.restart(5)
        attempts = 0
        while cluster[5].core.role != .leader, attempts < 5 {
            attempts += 1
            cluster.advance(by: .milliseconds(2100))
            cluster.packets = []
            cluster.timeOut(5)
            cluster.settle()
        }
        cluster.settle()
        #expect(cluster[5].core.role == .leader)
        #expect(cluster.violations.isEmpty == !planted)
    }

    /// Delivers what is on the network, once, and completes what nodes write.
    private func stepVotes(_ cluster: TestCluster) {
        for id in cluster.ids {
            while !cluster[id].writes.isEmpty { cluster.completeWrite(cluster[id]) }
        }
        let batch = cluster.packets
        cluster.packets = []
        for packet in batch { cluster.deliver(packet) }
    }

    @Test("5.4.2: a leader commits its predecessors' entries together with its own")
    func commitsPredecessors() {
        var node = CoreFixture(terms: [1, 1])
        node.lead()
        #expect(node.core.term == 2)
        _ = node.ship(node.drain())
        node.accept(2, from: 2)
        #expect(node.core.commitIndex == 0)
        node.accept(3, from: 2)
        #expect(node.core.commitIndex == 3)
    }
}
