/// Limits of a database. Those that decide what `apply` does must be the same on all nodes.
public struct DatabaseConfiguration: Sendable {
    /// How many bytes (Arrow metadata and body) a written batch may have.
    public var batchByteCountMax = 64 << 20
    /// How many bytes a batch of a scan has at most, encoded; a single row may exceed it. Flight
    /// clients of some languages refuse messages of more than 4 MiB.
    public var scanBatchByteCountMax = (4 << 20) - (64 << 10)
    /// How many rows a batch of a scan has at most.
    public var scanBatchRowCountMax = 65536
    /// How many tables there may be. The same on all nodes.
    public var tableCountMax = 10_000
    /// How many sessions are remembered; the longest unused are forgotten. The same on all nodes.
    public var sessionCountMax = 4096
    /// How many outcomes are remembered for a session, at least. The same on all nodes.
    public var sessionOutcomeCountMin = 1024
    /// How many outcomes are remembered for all sessions. The same on all nodes.
    public var outcomeCountMax = 1_000_000

    public init() {}
}
