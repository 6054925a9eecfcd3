internal import Logging
internal import MarbleRaft
internal import NIOConcurrencyHelpers
internal import NIOCore

/// What the driver needs done.
extension RaftGroup: RaftDriverPorts {
    func send(_ batch: RaftBatch, to peer: RaftNodeID) -> Bool {
        link?.send(batch, group: groupID, to: peer) == true
    }

    func apply(_ entries: [RaftEntry], through: RaftIndex) {
        guard applyJobCount == 0, entries.count <= Self.promptEntryCountMax,
            entries.isEmpty || promptStateMachine?.isPrompt(entries) == true
        else { return submit(.apply(entries, self)) }
        let outcomes = stateMachine.apply(entries)
        metrics.entriesApplied.increment(by: entries.count)
        // The driver isn't called back from within its call.
        eventLoop.execute { self.didApply(outcomes) }
    }

    func makeSnapshot(index: RaftIndex, term: RaftTerm) {
        submit(.capture(SnapshotStore.Name(index: index, term: term), self))
    }

    /// Hands a job to the apply thread. Until it is done, nothing is applied here.
    private func submit(_ job: ApplyJob) {
        applyJobCount += 1
        applyWorker.submit(job)
    }

    func installSnapshot(from peer: RaftNodeID, index: RaftIndex, term: RaftTerm) {
        let name = SnapshotStore.Name(index: index, term: term)
        logger.info(
            "fetching a snapshot", metadata: ["peer": "\(peer)", "index": "\(index)"])
        Task {
            do {
                guard let link else { throw Self.notRunning }
                try await link.fetchSnapshot(name, group: self, from: peer)
                eventLoop.execute { self.submit(.restore(name, self)) }
            } catch {
                eventLoop.execute { self.didRestore(name, .failure(error)) }
            }
        }
    }

    func roleChanged(role: RaftRole, term: RaftTerm, leader: RaftNodeID?) {
        let before = published.withLockedValue { published in
            let before = published
            published.role = role
            published.term = term
            published.leaderID = leader
            return before
        }
        groupMetrics.roleChanged(role, term: term, hasLeader: leader != nil)
        if role == .candidate, before.role != .candidate { metrics.elections.increment() }
        if role == .leader || leader != before.leaderID {
            logger.info(
                role == .leader ? "leading" : leader == nil ? "no leader" : "following",
                metadata: [
                    "group": "\(groupID)", "term": "\(term)",
                    "leader": "\(leader.map(String.init) ?? "-")",
                ])
        }
    }
}
