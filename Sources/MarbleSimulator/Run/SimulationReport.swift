/// How a run went.
package struct SimulationReport: Sendable {
    package var configuration: SimulationConfiguration
    /// The promise that was broken; nil when all held.
    package var violation: InvariantViolation?
    /// The event after which it was seen.
    package var step: Int
    /// The same for every run of the same configuration, on every machine.
    package var traceHash: UInt64
    /// The events before the end; empty for a run in which all held.
    package var traceTail: [String]
    package var counts: Counts

    /// What the run had in it.
    package struct Counts: Sendable {
        package var elections = 0
        package var crashes = 0
        package var partitions = 0
        package var committedEntries = 0
        package var acknowledgedProposals = 0
        package var answeredReads = 0
        package var snapshotsMade = 0
        package var snapshotsInstalled = 0
        package var virtualNanoseconds: UInt64 = 0
        package init() {}

        package static func += (lhs: inout Counts, rhs: Counts) {
            lhs.elections += rhs.elections
            lhs.crashes += rhs.crashes
            lhs.partitions += rhs.partitions
            lhs.committedEntries += rhs.committedEntries
            lhs.acknowledgedProposals += rhs.acknowledgedProposals
            lhs.answeredReads += rhs.answeredReads
            lhs.snapshotsMade += rhs.snapshotsMade
            lhs.snapshotsInstalled += rhs.snapshotsInstalled
            lhs.virtualNanoseconds += rhs.virtualNanoseconds
        }
    }

    package var hasPassed: Bool { violation == nil }
}
