/// Reads that wait for a leader's quorum, in rounds: a heartbeat's number confirms all reads that came
/// before it was sent (Raft thesis, section 6.4).
struct RaftReadQueue: Sendable {
    struct Request {
        var context: UInt64
        /// The follower that asks; nil for this node itself.
        var origin: RaftNodeID?
    }

    private struct Round {
        var sequence: UInt64
        var index: RaftIndex
        var requestCount: Int
    }

    /// First the requests of the rounds, in order, then those that no round covers yet.
    private(set) var requests: [Request] = []
    private var rounds: [Round] = []
    /// Requests that no round covers yet.
    private(set) var gatheredCount = 0

    mutating func add(_ request: Request) {
        requests.append(request)
        gatheredCount += 1
    }

    /// Covers all gathered requests: they may be answered with `index` once a quorum confirmed
    /// `sequence`.
    mutating func beginRound(sequence: UInt64, index: RaftIndex) {
        rounds.append(Round(sequence: sequence, index: index, requestCount: gatheredCount))
        gatheredCount = 0
    }

    /// The read index and the number of requests of the oldest round, if a quorum confirmed it.
    func firstRound(confirmedBy sequence: UInt64) -> (index: RaftIndex, requestCount: Int)? {
        guard let first = rounds.first, first.sequence <= sequence else { return nil }
        return (first.index, first.requestCount)
    }

    /// Removes the oldest round and its requests.
    mutating func removeFirstRound() {
        requests.removeFirst(rounds.removeFirst().requestCount)
    }

    mutating func removeAll() {
        requests.removeAll(keepingCapacity: true)
        rounds.removeAll(keepingCapacity: true)
        gatheredCount = 0
    }
}
