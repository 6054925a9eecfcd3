import MarbleStore
import NIOCore
import Synchronization

extension Database {
    /// A hash of what the database holds: tables, rows, sessions, however they lie in memory.
    ///
    /// Two nodes that have applied the same entries have the same hash, also if one of them was
    /// restored from a snapshot on the way. It reads every row; call it while nothing is applied.
    public func stateHash() -> UInt64 {
        var hash = StableHash()
        for table in catalog.withLock({ $0.sortedByID }) {
            hash.combine(table.id)
            hash.combine(table.name)
            hash.combine(UInt64(table.primaryKey.count))
            for column in table.primaryKey { hash.combine(column) }
            table.schemaMessage.withUnsafeReadableBytes { bytes in
                hash.combine(UInt64(bytes.count))
                hash.combine(bytes)
            }
            let capture = table.store.capture()
            hash.combine(capture.version)
            hash.combine(capture.contentHash(isKeyed: table.isKeyed))
        }
        for (name, session) in sessions.withLock({ $0.sortedByName }) {
            hash.combine(name)
            hash.combine(session.usedIndex)
            hash.combine(session.forgottenBelow)
            for remembered in session.outcomes {
                hash.combine(remembered.sequence)
                hash.combine(remembered.outcome.index)
                hash.combine(remembered.outcome.term)
                hash.combine(UInt64(remembered.outcome.rowCount))
                hash.combine(remembered.outcome.failure?.message ?? "")
            }
        }
        return hash.value
    }
}
