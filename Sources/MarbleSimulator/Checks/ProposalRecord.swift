internal import MarbleRaft

/// What each proposal's client knows of it. Tokens count up from 1.
struct ProposalRecord {
    enum Outcome: Equatable {
        case waiting
        case acknowledged(RaftIndex)
        /// It is certain that it took no effect.
        case refused
        case unknown
    }

    private var outcomes: [Outcome] = []
    private(set) var acknowledgedCount = 0
    /// The last index that was acknowledged to anybody.
    private(set) var acknowledgedIndex: RaftIndex = 0

    var lastToken: UInt64 { UInt64(outcomes.count) }

    /// Records new proposals; returns the first one's token.
    mutating func add(count: Int) -> UInt64 {
        let first = lastToken + 1
        for _ in 0..<count { outcomes.append(.waiting) }
        return first
    }

    subscript(token: UInt64) -> Outcome? {
        guard token > 0, token <= lastToken else { return nil }
        return outcomes[Int(token - 1)]
    }

    mutating func set(_ token: UInt64, _ outcome: Outcome) {
        outcomes[Int(token - 1)] = outcome
        guard case .acknowledged(let index) = outcome else { return }
        acknowledgedCount += 1
        acknowledgedIndex = max(acknowledgedIndex, index)
    }
}
