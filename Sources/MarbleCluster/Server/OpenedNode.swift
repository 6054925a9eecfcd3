internal import MarbleEnvironment
internal import MarbleRaft

/// What a data directory holds, opened, checked, and brought together. Blocking.
package struct OpenedNode: Sendable {
    var fileSystem: any FileSystem
    var lock: any FileLock
    var identity: NodeIdentity
    var store: any RaftLogStore
    var snapshots: SnapshotStore
    var recovered: RaftDriver.Recovered

    static func open(
        config: RaftClusterConfig, nodeID: RaftNodeID, dataDirectory: String,
        stateMachine: any RaftStateMachine, logStore: (any RaftLogStore)?, groupID: RaftGroupID
    ) throws(RaftError) -> OpenedNode {
        let fileSystem = PosixFileSystem()
        let lock: any FileLock
        do throws(FileSystemError) {
            try fileSystem.createDirectory(dataDirectory)
            lock = try fileSystem.lock(FilePaths.join(dataDirectory, "LOCK"))
        } catch {
            throw RaftError(
                .storage, "data directory \(dataDirectory) can't be used: \(error.message)",
                cause: error)
        }
        let identity = try NodeIdentity.load(
            fileSystem: fileSystem, directory: dataDirectory, config: config, nodeID: nodeID)
        let store =
            if let logStore {
                logStore
            } else {
                try DurableRaftLog(
                    fileSystem: fileSystem, directory: FilePaths.join(dataDirectory, "log"),
                    identity: identity.incarnation, fillsSegments: true)
            }
        let snapshots = try SnapshotStore(
            fileSystem: fileSystem, directory: FilePaths.join(dataDirectory, "snapshots"))
        let recovered = try recover(
            store: store, snapshots: snapshots, stateMachine: stateMachine, groupID: groupID)
        return OpenedNode(
            fileSystem: fileSystem, lock: lock, identity: identity, store: store,
            snapshots: snapshots, recovered: recovered)
    }

    /// Restores the state machine from the newest snapshot and makes log and snapshot meet, as they
    /// do after a crash between any two steps of making or installing a snapshot.
    package static func recover(
        store: any RaftLogStore, snapshots: SnapshotStore, stateMachine: any RaftStateMachine,
        groupID: RaftGroupID
    ) throws(RaftError) -> RaftDriver.Recovered {
        var log = try store.recovery(group: groupID)
        let snapshot = try snapshots.newest()
        let covered = snapshot?.index ?? 0
        guard covered >= log.baseIndex else {
            throw RaftError(
                .storage,
                "the log begins after entry \(log.baseIndex), but the newest snapshot (in \(snapshots.directory)) covers only \(covered): entries are missing; remove this node's data directory and let its peers fill it again"
            )
        }
        if let snapshot, log.term(at: snapshot.index) != snapshot.term {
            // The snapshot came from a leader, whose log takes this one's place (Raft paper §7).
            if snapshot.index <= log.lastIndex {
                try store.truncateSuffix(group: groupID, from: log.baseIndex + 1)
            }
            try store.compactPrefix(
                group: groupID, through: snapshot.index, term: snapshot.term)
            try store.sync()
            log = try store.recovery(group: groupID)
        }
        if let snapshot, stateMachine.lastApplied < snapshot.index {
            do {
                try stateMachine.restore(
                    from: try snapshots.source(snapshot), index: snapshot.index)
            } catch {
                throw RaftError(
                    .storage, "the snapshot at index \(snapshot.index) can't be restored",
                    cause: error)
            }
        }
        let applied = max(stateMachine.lastApplied, covered)
        guard applied <= log.lastIndex else {
            throw RaftError(
                .storage,
                "the state machine has applied entry \(applied), but the log ends at \(log.lastIndex): the log was lost; remove this node's data directory and let its peers fill it again"
            )
        }
        let lastTerm = log.term(at: log.lastIndex) ?? 0
        return RaftDriver.Recovered(
            hardState: RaftHardState(
                term: max(log.term, lastTerm),
                votedFor: lastTerm > log.term ? nil : log.votedFor),
            log: RaftLogSummary(
                snapshotIndex: log.baseIndex, snapshotTerm: log.baseTerm,
                termRuns: log.termRuns, lastIndex: log.lastIndex),
            snapshotIndex: covered, appliedIndex: applied)
    }
}
