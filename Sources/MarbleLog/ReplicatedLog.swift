internal import MarbleEnvironment

/// The logs of all groups of a node, with their terms and votes, in one sequence of segment files.
///
/// Changes gather in memory; `sync` makes all of them durable with one write and one sync, and
/// after a crash either all or none of what one `sync` had is there. A log belongs to one thread
/// at a time (it may be sent to another); every call may block on the disk, except that the calls
/// which change a group only encode.
///
/// A write or sync that fails poisons the log: every later call throws the same error, because
/// after a failed sync nobody knows what the disk holds. A full disk doesn't: see `isSpaceLow`.
package final class ReplicatedLog {
    package let configuration: LogConfiguration
    /// What was found when the log was opened. Kept until `forgetRecovery`.
    package internal(set) var recovery: LogRecovery

    let fileSystem: any FileSystem
    let lock: any FileLock
    var groups: [UInt64: GroupLog] = [:]
    /// The group of the call before: most calls in a row are about one.
    var lastGroup: GroupLog?
    /// Oldest first, numbered without gaps. The last one takes the buffer's bytes.
    var segments: [Segment] = []
    var files: SegmentFiles

    let buffer: WriteBuffer
    /// Where in the last segment the buffer's bytes go.
    var bufferOffset = 0
    /// Where in the buffer the batch being gathered begins; nil when there is none.
    var batchStart: Int?
    var batchRecordCount: UInt32 = 0
    var batchPreviousChain: UInt32 = 0
    /// The last segment has no file yet; the buffer begins with its header.
    var isOpeningSegment = false
    var openingHeader: SegmentHeader?
    /// Of the next batch.
    var sequence: UInt64 = 1
    var chain: UInt32 = 0
    var salt: UInt32 = 0

    var failure: LogError?
    var readBuffer: [UInt8] = []
    /// Whose record `readBuffer` begins with.
    var fetched = EntryLocation(segment: 0, byteCount: 0, offset: 0)

    package internal(set) var syncCount: UInt64 = 0
    /// Bytes handed to the disk since the log was opened.
    package internal(set) var writtenByteCount: UInt64 = 0
    /// Entries copied forward since the log was opened, so that their segments could go.
    package internal(set) var copiedEntryCount: UInt64 = 0

    init(
        fileSystem: any FileSystem, configuration: LogConfiguration, lock: any FileLock,
        recovery: LogRecovery, filler: SegmentFiller?
    ) {
        self.fileSystem = fileSystem
        self.configuration = configuration
        self.lock = lock
        self.recovery = recovery
        files = SegmentFiles(
            fileSystem: fileSystem, configuration: configuration, filler: filler)
        buffer = WriteBuffer(capacityKept: configuration.bufferByteCountKept)
    }

    // MARK: Views

    package func state(of group: UInt64) -> LogGroupState? { groups[group]?.state }

    /// All groups that were ever mentioned, ascending.
    package var groupNumbers: [UInt64] { groups.keys.sorted() }

    /// The term of the entry at `index`, or of the base; nil outside of the group's log.
    package func term(group: UInt64, at index: UInt64) -> UInt64? {
        groups[group]?.state.term(at: index)
    }

    package var segmentCount: Int { segments.count }

    /// The length of all segment files, what is preallocated included.
    package var byteCount: UInt64 {
        segments.reduce(0) { $0 + UInt64($1.fileByteCount) } + UInt64(files.spareByteCount)
    }

    /// The bytes of entries that are in their group's log.
    package var liveByteCount: UInt64 { segments.reduce(0) { $0 + UInt64($1.liveByteCount) } }

    /// Bytes that the next `sync` will write.
    package var pendingByteCount: Int { buffer.byteCount }

    /// The next segment couldn't be reserved: the node should take no more proposals. Entries are
    /// refused (`.noSpace`) before they take the last quarter of the current segment, which stays
    /// for terms, votes, truncations and compactions. Ends when `reserveSpace` or a later
    /// `sync` gets the space.
    package var isSpaceLow: Bool { !files.hasSpare }

    /// Lets go of the memory of `recovery`'s groups.
    package func forgetRecovery() { recovery.groups = [:] }

    // MARK: Failure

    /// Marks the log as unusable, and returns the error to throw. `.noSpace` would say that the
    /// caller may go on, so it becomes `.ioFailure`.
    func poison(_ error: LogError) -> LogError {
        failure = LogError(
            .poisoned,
            "the log takes no more calls since it failed (\(error.message)); "
                + "restart the node once the disk is sound",
            cause: error.cause)
        guard error.code == .noSpace else { return error }
        return LogError(.ioFailure, error.message, cause: error.cause)
    }

    @inline(__always)
    func checkUsable() throws(LogError) {
        if let failure { throw failure }
    }
}
