internal import MarbleCluster
internal import MarbleEnvironment
internal import MarbleRaft
internal import NIOCore

/// One run of a node's software on a `SimulatedNode`: the driver, log and snapshot store of
/// production, and the part of its shell that production does with threads.
final class NodeProcess {
    enum LogJob {
        case write(RaftLogWrite)
        case read(RaftLogRead)
    }

    enum LogResult {
        case persisted(sequence: UInt64)
        case read(RaftLogRead, [RaftEntry]?)
    }

    static let groupID: RaftGroupID = 1

    let store: DurableRaftLog
    let snapshots: SnapshotStore
    let machine = ChainStateMachine()
    let ports = RecordingPorts()
    let driver: RaftDriver
    let recovered: RaftDriver.Recovered
    /// The log's entries as they were read back at the start.
    let recoveredLog: ShadowLog

    // The log thread.
    var logJobs: [LogJob] = []
    var isLogBusy = false
    var logResults: [LogResult] = []

    // The apply thread.
    var applying: (entries: [RaftEntry], through: RaftIndex)?
    var appliedThrough: RaftIndex

    // Snapshots.
    var capture: (name: SnapshotStore.Name, capture: any RaftSnapshotCapture)?
    var receiver: SnapshotReceiver?
    var fetchAttempt: UInt64 = 0

    /// When the driver's tick is due that was scheduled last.
    var tickDue: VirtualNanoseconds?

    /// Starts with what the disk holds.
    init(
        disk: VirtualFileSystem, segmentByteCount: Int, configuration: RaftDriver.Configuration,
        now: RaftInstant
    ) throws(RaftError) {
        store = try DurableRaftLog(
            fileSystem: disk, directory: "/node/log", segmentByteCount: segmentByteCount)
        snapshots = try SnapshotStore(fileSystem: disk, directory: "/node/snapshots")
        recovered = try OpenedNode.recover(
            store: store, snapshots: snapshots, stateMachine: machine, groupID: Self.groupID)
        recoveredLog = try Self.readBack(store)
        appliedThrough = recovered.appliedIndex
        driver = RaftDriver(
            configuration: configuration, recovered: recovered, ports: ports, now: now)
    }

    private static func readBack(_ store: DurableRaftLog) throws(RaftError) -> ShadowLog {
        let found = try store.recovery(group: groupID)
        var log = ShadowLog(baseIndex: found.baseIndex, baseTerm: found.baseTerm)
        guard found.lastIndex > found.baseIndex else { return log }
        let entries = try store.entries(
            group: groupID, from: found.baseIndex + 1, through: found.lastIndex, byteCountMax: .max)
        for entry in entries { log.append(ShadowEntry(entry)) }
        return log
    }

    // MARK: Log thread

    /// Writes and syncs once for all that has gathered; `logResults` is to be reported afterwards.
    func runLog() throws(RaftError) {
        let jobs = logJobs
        logJobs = []
        var sequence: UInt64 = 0
        for job in jobs {
            switch job {
            case .write(let write):
                try apply(write)
                sequence = max(sequence, write.sequence)
            case .read(let read):
                let entries = try? store.entries(
                    group: Self.groupID, from: read.first, through: read.last,
                    byteCountMax: read.byteCountMax)
                logResults.append(.read(read, entries))
            }
        }
        guard sequence != 0 else { return }
        try store.sync()
        logResults.append(.persisted(sequence: sequence))
    }

    private func apply(_ write: RaftLogWrite) throws(RaftError) {
        if let index = write.truncateFrom {
            try store.truncateSuffix(group: Self.groupID, from: index)
        }
        if let point = write.compactThrough {
            try store.compactPrefix(
                group: Self.groupID, through: point.firstIndex, term: point.term)
        }
        if !write.entries.isEmpty { try store.append(group: Self.groupID, write.entries) }
        if let state = write.hardState { try store.setHardState(group: Self.groupID, state) }
    }

    // MARK: Snapshots

    /// Makes the capture durable; nil when that failed.
    func writeSnapshot() -> SnapshotStore.Name? {
        guard let (name, capture) = capture else { return nil }
        self.capture = nil
        do { try snapshots.write(name, capture) } catch { return nil }
        return name
    }

    /// Where the part to ask for begins; nil when the disk fails.
    func beginReceiving(_ name: SnapshotStore.Name) -> UInt64? {
        receiver?.close()
        receiver = try? snapshots.receive(name)
        return receiver?.byteCount
    }

    /// Stores a part. Returns false when the disk fails.
    func receive(_ part: ByteBuffer) -> Bool {
        do { try receiver?.append(part) } catch { return false }
        return true
    }

    /// Checks what was received and makes it durable.
    func adoptReceived() -> Bool {
        guard let receiver else { return false }
        self.receiver = nil
        do { try receiver.adopt() } catch { return false }
        return true
    }

    func restore(_ name: SnapshotStore.Name) -> Bool {
        guard name.index > appliedThrough else { return true }
        do {
            try machine.restore(from: snapshots.source(name), index: name.index)
        } catch { return false }
        appliedThrough = name.index
        return true
    }
}
