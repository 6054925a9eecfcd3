internal import MarbleCluster
internal import MarbleFlight
internal import NIOConcurrencyHelpers

extension DatabaseFlightService {
    private static let pinnedIndexPollInterval = Duration.milliseconds(5)
    private static let pinnedIndexTimeLimit = Duration.seconds(30)

    /// Waits until this node's state is as new as a linearizable read needs it.
    func linearize() async throws(FlightError) {
        let raft = try raft()
        let deadline = leaderDeadline
        while true {
            let start = ContinuousClock.now
            do {
                try await raft.readIndex()
                lastBarrier.withLockedValue { $0 = max($0 ?? start, start) }
                return
            } catch let error as RaftError {
                // Nothing was changed, so asking again while an election goes on is safe.
                guard error.code == .notLeader || error.code == .unavailable,
                    ContinuousClock.now < deadline
                else { throw FlightError(error) }
                try await pauseForLeader(until: deadline)
            } catch {
                throw FlightError(answering: error)
            }
        }
    }

    /// Waits until this node's state is no older than the limit. Where a read has waited for the leader
    /// within that time already, this one needn't.
    func linearize(atMost limit: Duration) async throws(FlightError) {
        let newest = ContinuousClock.now - limit
        if let last = lastBarrier.withLockedValue({ $0 }), last >= newest { return }
        try await linearize()
    }

    /// Waits until this node has applied the entry that a ticket is pinned to.
    func waitUntilApplied(_ index: UInt64) async throws(FlightError) {
        let raft = try raft()
        let deadline = ContinuousClock.now + Self.pinnedIndexTimeLimit
        while raft.appliedIndex < index {
            guard ContinuousClock.now < deadline else {
                throw FlightError(
                    .unavailable,
                    "node \(nodeID) has applied index \(raft.appliedIndex), the ticket asks"
                        + " for \(index); ask another node, or a new ticket")
            }
            do {
                try await Task.sleep(for: Self.pinnedIndexPollInterval)
            } catch {
                throw FlightError(.cancelled, "the call was cancelled", cause: error)
            }
        }
    }
}
