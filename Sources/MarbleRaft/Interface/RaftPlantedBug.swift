/// Defects of consensus that can be switched on to show that a checker finds them.
package enum RaftPlantedBug: Equatable, Sendable {
    /// Grants its vote to everybody who asks in a term (breaks Raft paper, section 5.2).
    case votesTwice
    /// Commits an entry of an earlier term because a majority stores it (breaks section 5.4.2).
    case commitsOlderTermByCount
}
