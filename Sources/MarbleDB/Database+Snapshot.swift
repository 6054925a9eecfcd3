public import MarbleCluster
public import MarbleRaft
import MarbleStore
import Synchronization

extension Database {
    /// Captures the state as of the last applied entry, sharing memory.
    public func snapshot() throws -> any RaftSnapshotCapture {
        let tables = catalog.withLock { $0.sortedByID }
        return DatabaseCapture(
            index: lastApplied,
            tables: tables.map { .init(table: $0, rows: $0.store.capture()) },
            sessions: sessions.withLock { $0 }, scanLimit: scanLimit(columnCount: 0))
    }

    /// Replaces the whole state by a snapshot's. Scans that have begun go on with what they captured.
    ///
    /// - Throws: `dataLoss` if the snapshot is damaged, and what the source throws; the state is then
    ///   as it was.
    public func restore(from snapshot: any RaftSnapshotSource, index: RaftIndex) throws {
        var reader = SnapshotReader(
            configuration: configuration, storeConfiguration: storeConfiguration)
        try reader.read(snapshot, index: index)
        let (restoredCatalog, restoredSessions) = (reader.catalog, reader.sessions)
        catalog.withLock { $0 = restoredCatalog }
        sessions.withLock { $0 = restoredSessions }
        setLastApplied(index)
    }
}
