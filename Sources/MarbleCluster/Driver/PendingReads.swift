internal import MarbleRaft

/// Linearizable reads that wait for the leader's confirmation (ReadIndex, thesis §6.4), and then
/// for the state machine to get there.
struct PendingReads {
    typealias Completion = @Sendable (Result<RaftIndex, RaftError>) -> Void

    /// Reads that began before the same request to the leader share its answer.
    private struct Round {
        var context: UInt64
        var completions: [Completion]
        var retryAt: RaftInstant
        var deadline: RaftInstant
    }

    private let retryInterval: Duration
    private let timeout: Duration
    private var gathered: [Completion] = []
    private var rounds: [Round] = []
    private var confirmed: [(index: RaftIndex, completions: [Completion])] = []
    private var nextContext: UInt64

    /// - Parameter firstContext: differs from run to run of a node: an answer to what it asked before
    ///   it crashed must not be taken for one to a later read.
    init(retryInterval: Duration, timeout: Duration, firstContext: UInt64) {
        nextContext = firstContext
        self.retryInterval = retryInterval
        self.timeout = timeout
    }

    var nextDeadline: RaftInstant? { rounds.lazy.map { min($0.retryAt, $0.deadline) }.min() }

    mutating func add(_ completion: @escaping Completion) {
        gathered.append(completion)
    }

    /// Asks once for all reads that have gathered.
    mutating func issue(now: RaftInstant, core: inout RaftCore) {
        guard !gathered.isEmpty else { return }
        let context = nextContext
        nextContext &+= 1
        rounds.append(
            Round(
                context: context, completions: gathered, retryAt: now.advanced(by: retryInterval),
                deadline: now.advanced(by: timeout)))
        gathered = []
        core.readIndex(context: context, now: now)
    }

    mutating func confirmed(_ context: UInt64, index: RaftIndex) {
        guard let position = rounds.firstIndex(where: { $0.context == context }) else { return }
        confirmed.append((index, rounds.remove(at: position).completions))
    }

    mutating func expire(now: RaftInstant, core: inout RaftCore) {
        var position = 0
        while position < rounds.count {
            if rounds[position].deadline <= now {
                let round = rounds.remove(at: position)
                for completion in round.completions { completion(.failure(Self.unconfirmed)) }
                continue
            }
            if rounds[position].retryAt <= now {
                rounds[position].retryAt = now.advanced(by: retryInterval)
                core.readIndex(context: rounds[position].context, now: now)
            }
            position += 1
        }
    }

    /// Answers the reads whose index the state machine has reached.
    mutating func complete(applied: RaftIndex) {
        guard confirmed.contains(where: { $0.index <= applied }) else { return }
        let ready = confirmed.filter { $0.index <= applied }
        confirmed.removeAll { $0.index <= applied }
        for (index, completions) in ready {
            for completion in completions { completion(.success(index)) }
        }
    }

    mutating func failAll(_ error: RaftError) {
        let all = gathered + rounds.flatMap(\.completions) + confirmed.flatMap(\.completions)
        gathered = []
        rounds = []
        confirmed = []
        for completion in all { completion(.failure(error)) }
    }

    private static let unconfirmed = RaftError(
        .unavailable,
        "no leader confirmed the read in time; check that a majority of the nodes is up, or read with consistency \"stale\""
    )
}
