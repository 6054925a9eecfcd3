/// What was found when a log was opened; all of it is durable.
package struct LogRecovery: Sendable, Equatable {
    /// Every group that was ever mentioned.
    package var groups: [UInt64: LogGroupState]
    /// Bytes of a write that a crash had cut short before its sync, and that were dropped.
    package var cutByteCount: Int
    package var segmentCount: Int
    /// Entries that can be read, of all groups.
    package var entryCount: Int
}
