/// The outcomes of numbered writes, so that one that is repeated has its first outcome.
///
/// It is part of the state: what it remembers and forgets depends on the log alone.
struct SessionTable: Sendable, Equatable {
    struct Remembered: Sendable, Equatable {
        var sequence: UInt64
        var outcome: AppliedOutcome
    }

    struct Session: Sendable, Equatable {
        /// The log index of its last write.
        var usedIndex: UInt64 = 0
        /// Outcomes of lower sequences are not remembered any more.
        var forgottenBelow: UInt64 = 0
        /// By ascending sequence.
        var outcomes: [Remembered] = []
    }

    private(set) var sessions: [String: Session] = [:]
    private(set) var outcomeCount = 0
    private let sessionCountMax: Int
    private let sessionOutcomeCountMin: Int
    private let outcomeCountMax: Int

    init(_ configuration: DatabaseConfiguration) {
        sessionCountMax = max(configuration.sessionCountMax, 1)
        sessionOutcomeCountMin = max(configuration.sessionOutcomeCountMin, 1)
        outcomeCountMax = max(configuration.outcomeCountMax, 1)
    }

    /// The sessions by the order of their names' bytes.
    var sortedByName: [(name: String, session: Session)] {
        sessions.map { (name: $0.key, session: $0.value) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// The first outcome of a write that was applied before; nil for one that wasn't.
    /// Throws `failedPrecondition` if it is too long ago to tell.
    func outcome(session name: String, sequence: UInt64) throws(DatabaseError) -> AppliedOutcome? {
        guard let session = sessions[name] else { return nil }
        guard sequence >= session.forgottenBelow else {
            throw DatabaseError(
                .failedPrecondition,
                "sequence \(sequence) of session \"\(name)\" is too old: outcomes below "
                    + "\(session.forgottenBelow) are forgotten; "
                    + "count sequences up, and read the table to see whether it was written")
        }
        let position = Self.position(of: sequence, in: session.outcomes)
        guard position < session.outcomes.count,
            session.outcomes[position].sequence == sequence
        else { return nil }
        return session.outcomes[position].outcome
    }

    /// Remembers a write that `outcome(session:sequence:)` didn't know.
    mutating func remember(
        _ outcome: AppliedOutcome, session name: String, sequence: UInt64, at index: UInt64
    ) {
        let limit = 2 * sessionOutcomeCountMin
        let dropCount = sessionOutcomeCountMin
        var forgotten = 0
        Self.update(&sessions[name, default: Session()]) { session in
            session.usedIndex = index
            let remembered = Remembered(sequence: sequence, outcome: outcome)
            if let last = session.outcomes.last, last.sequence > sequence {
                let position = Self.position(of: sequence, in: session.outcomes)
                session.outcomes.insert(remembered, at: position)
            } else {
                session.outcomes.append(remembered)
            }
            if session.outcomes.count > limit {
                session.forgottenBelow = session.outcomes[dropCount].sequence
                session.outcomes.removeFirst(dropCount)
                forgotten = dropCount
            }
        }
        outcomeCount += 1 - forgotten
        if sessions.count > sessionCountMax || outcomeCount > outcomeCountMax { evict() }
    }

    /// Adds a session as a snapshot has it.
    mutating func restore(_ session: Session, named name: String) {
        sessions[name] = session
        outcomeCount += session.outcomes.count
    }

    /// Forgets the sessions that have been unused for longest, an eighth more than is needed, so that
    /// it isn't due again at once.
    private mutating func evict() {
        let sessionGoal = sessionCountMax - sessionCountMax / 8
        let outcomeGoal = outcomeCountMax - outcomeCountMax / 8
        let oldestFirst = sessions.sorted { $0.value.usedIndex < $1.value.usedIndex }
        // The last one is the one that is being written to.
        for (name, session) in oldestFirst.dropLast() {
            guard sessions.count > sessionGoal || outcomeCount > outcomeGoal else { return }
            sessions[name] = nil
            outcomeCount -= session.outcomes.count
        }
    }

    private static func update(_ session: inout Session, _ body: (inout Session) -> Void) {
        body(&session)
    }

    /// Where a sequence is, or belongs.
    private static func position(of sequence: UInt64, in outcomes: [Remembered]) -> Int {
        var low = 0
        var high = outcomes.count
        while low < high {
            let middle = (low + high) / 2
            if outcomes[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
