/// A defect that is built in on purpose, to show that the simulator finds it.
package enum PlantedBug: String, Sendable, CaseIterable {
    /// A node votes for everybody who asks in a term.
    case votesTwice = "votes-twice"
    /// A node acknowledges entries and votes that its disk doesn't have yet.
    case acknowledgesBeforeSync = "acks-before-fsync"
    /// A leader commits an entry of an earlier term because a majority has it.
    case commitsOlderTermByCount = "commits-older-term-by-count"
}
