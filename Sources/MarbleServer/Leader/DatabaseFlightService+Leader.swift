internal import MarbleCluster
internal import MarbleFlight

/// Where the group's leader is, seen from this node.
enum LeaderPlace {
    case here(RaftServer)
    case there(FlightClient, endpoint: String)
}

extension DatabaseFlightService {
    /// How often a node that knows no leader looks again.
    private static let leaderPollInterval = Duration.milliseconds(20)
    private static let leaderWaitMin = Duration.seconds(2)

    /// Waits, where an election is going on, until there is a leader.
    ///
    /// - Parameter isForwarded: another node passed the call on to this one as the leader.
    func findLeader(
        until deadline: ContinuousClock.Instant, isForwarded: Bool
    ) async throws(FlightError) -> LeaderPlace {
        while true {
            let raft = try raft()
            if raft.isLeader { return .here(raft) }
            if let leader = raft.leader, leader.nodeID != nodeID {
                guard !isForwarded else {
                    throw FlightError(
                        .unavailable,
                        "node \(nodeID) isn't the leader any more, \(leader.endpoint) is; try again"
                    )
                }
                return .there(try clients.client(for: leader.endpoint), endpoint: leader.endpoint)
            }
            try await pauseForLeader(until: deadline)
        }
    }

    /// How long a call waits for a leader: an election may start one (randomised) timeout late and split
    /// its first round, and nodes that have just started must find each other before it.
    var leaderDeadline: ContinuousClock.Instant {
        ContinuousClock.now + max(configuration.electionTimeout * 3, Self.leaderWaitMin)
    }

    func pauseForLeader(until deadline: ContinuousClock.Instant) async throws(FlightError) {
        guard ContinuousClock.now < deadline else {
            throw FlightError(
                .unavailable,
                "node \(nodeID) knows no leader: a majority of the nodes must run and reach each"
                    + " other; check them with marble status, and try again")
        }
        do {
            try await Task.sleep(for: Self.leaderPollInterval)
        } catch {
            throw FlightError(.cancelled, "the call was cancelled", cause: error)
        }
    }
}
