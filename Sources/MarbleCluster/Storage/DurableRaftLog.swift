package import MarbleEnvironment
internal import MarbleLog
public import MarbleRaft
internal import NIOConcurrencyHelpers
internal import NIOCore

/// The log store of production: all groups of a node in one log on disk, whose format is in
/// `docs/formats/log.md`. One write and one sync make durable whatever has gathered.
public final class DurableRaftLog: RaftLogStore, @unchecked Sendable {
    // Unchecked: `RaftLogStore` promises that one thread at a time calls.
    private let log: ReplicatedLog
    private let zeros: SerialWorker<Void>?

    /// Opens the log in a directory, or begins one there.
    ///
    /// - Throws: `RaftError` with code `.storage` when the log is damaged anywhere but in a tail that
    ///   was never synced; the message names the file and the place.
    public convenience init(directory: String) throws(RaftError) {
        try self.init(
            fileSystem: PosixFileSystem(), directory: directory, fillsSegments: true)
    }

    /// - Parameters:
    ///   - identity: whose log it is; segments of another identity are refused.
    ///   - fillsSegments: a thread writes zeros ahead of the log, which makes its syncs faster.
    package init(
        fileSystem: any FileSystem, directory: String, identity: UInt64 = 0,
        segmentByteCount: Int = 64 << 20, fillsSegments: Bool = false
    ) throws(RaftError) {
        let (filler, zeros) = fillsSegments ? Self.makeFiller(fileSystem) : (nil, nil)
        self.zeros = zeros
        do {
            log = try ReplicatedLog.open(
                fileSystem: fileSystem,
                configuration: LogConfiguration(
                    directory: directory, identity: identity, segmentByteCount: segmentByteCount),
                filler: filler)
            log.forgetRecovery()
        } catch {
            zeros?.stop()
            throw Self.failure(error)
        }
    }

    deinit { zeros?.stop() }

    private static func makeFiller(
        _ fileSystem: any FileSystem
    ) -> (SegmentFiller, SerialWorker<Void>) {
        // Weak: the worker holds the filler.
        let worker = NIOLockedValueBox(WeakWorker())
        let filler = SegmentFiller(fileSystem: fileSystem) {
            worker.withLockedValue { $0.worker }?.submit(())
        }
        let zeros = SerialWorker<Void>(
            name: "marble-zeros", retryInterval: Self.fillInterval
        ) { _ in filler.fillSlice() }
        worker.withLockedValue { $0.worker = zeros }
        return (filler, zeros)
    }

    private struct WeakWorker: Sendable {
        weak var worker: SerialWorker<Void>?
    }

    /// Between two slices: about 50 MiB/s, and most of the disk's time is the log's.
    private static let fillInterval: Duration = .milliseconds(5)

    public func recovery(group: RaftGroupID) throws(RaftError) -> RaftLogRecovery {
        guard let state = log.state(of: group) else { return RaftLogRecovery() }
        return RaftLogRecovery(
            term: state.term, votedFor: state.votedFor, baseIndex: state.baseIndex,
            baseTerm: state.baseTerm,
            termRuns: state.termRuns.map { RaftTermRun(firstIndex: $0.firstIndex, term: $0.term) },
            lastIndex: state.lastIndex)
    }

    public func setHardState(group: RaftGroupID, _ state: RaftHardState) throws(RaftError) {
        do {
            try log.setHardState(group: group, term: state.term, votedFor: state.votedFor)
        } catch { throw Self.failure(error) }
    }

    public func append(group: RaftGroupID, _ entries: [RaftEntry]) throws(RaftError) {
        do {
            for entry in entries {
                try entry.payload.withUnsafeReadableBytes { (bytes) throws(LogError) in
                    try log.appendEntry(
                        group: group, index: entry.index, term: entry.term,
                        kind: entry.kind.rawValue, payload: bytes)
                }
            }
        } catch { throw Self.failure(error) }
    }

    public func truncateSuffix(group: RaftGroupID, from index: RaftIndex) throws(RaftError) {
        guard let state = log.state(of: group), index <= state.lastIndex else { return }
        do { try log.truncateSuffix(group: group, from: index) } catch { throw Self.failure(error) }
    }

    public func compactPrefix(
        group: RaftGroupID, through index: RaftIndex, term: RaftTerm
    ) throws(RaftError) {
        if let state = log.state(of: group), index <= state.baseIndex { return }
        do {
            try log.compactPrefix(group: group, throughIndex: index, term: term)
        } catch { throw Self.failure(error) }
    }

    public func sync() throws(RaftError) {
        do { try log.sync() } catch { throw Self.failure(error) }
    }

    public var isSpaceLow: Bool { log.isSpaceLow }

    public var isSyncShort: Bool { log.isSyncShort }

    public func reserveSpace() throws(RaftError) {
        do { try log.reserveSpace() } catch { throw Self.failure(error) }
    }

    public func close() throws(RaftError) {
        defer { zeros?.stop() }
        do { try log.close() } catch { throw Self.failure(error) }
    }

    public func entries(
        group: RaftGroupID, from first: RaftIndex, through last: RaftIndex, byteCountMax: Int
    ) throws(RaftError) -> [RaftEntry] {
        var entries: [RaftEntry] = []
        var unknownKind: UInt8?
        do {
            try log.read(
                group: group, from: first, through: last, byteCountMax: byteCountMax
            ) { index, term, kind, payload in
                guard let kind = RaftEntryKind(rawValue: kind) else {
                    unknownKind = kind
                    return
                }
                entries.append(
                    RaftEntry(
                        index: index, term: term, kind: kind,
                        payload: ByteBuffer(bytes: payload)))
            }
        } catch { throw Self.failure(error) }
        if let unknownKind {
            throw RaftError(
                .storage,
                "the log has an entry of kind \(unknownKind) between \(first) and \(last), which this version doesn't know; run the version that wrote it"
            )
        }
        return entries
    }

    /// Bytes that the log takes on the disk.
    package var byteCount: Int { Int(log.byteCount) }

    private static func failure(_ error: LogError) -> RaftError {
        RaftError(error.code == .noSpace ? .noSpace : .storage, error.message, cause: error)
    }
}
