package import MarbleEnvironment

extension ReplicatedLog {
    /// Opens the log in `configuration.directory`, or begins one where there is none.
    ///
    /// Goes through all that is there. An unfinished write at the end is cut off; what is left is
    /// durable when this returns.
    /// - Parameter filler: told what to fill with zeros, and stopped when the log is closed.
    /// - Throws: `.damaged` when durable bytes have changed, with the file, the offset and what is
    ///   known of the entry; `.locked`, `.foreignLog`, `.unsupportedVersion`, `.ioFailure`,
    ///   `.noSpace`, `.misuse`.
    package static func open(
        fileSystem: any FileSystem, configuration: LogConfiguration, filler: SegmentFiller? = nil
    ) throws(LogError) -> sending ReplicatedLog {
        try configuration.check()
        let lock: any FileLock
        let names: [String]
        do {
            try fileSystem.createDirectory(configuration.directory)
            lock = try fileSystem.lock(
                FilePaths.join(configuration.directory, LogFormat.lockName))
            names = try fileSystem.list(configuration.directory)
        } catch {
            throw LogError(error)
        }
        let recovered = try LogRecoverer(fileSystem: fileSystem, configuration: configuration)
            .recover(numbers: names.compactMap(LogFormat.segmentNumber).sorted())
        let log = ReplicatedLog(
            fileSystem: fileSystem, configuration: configuration, lock: lock,
            recovery: recovered.summary, filler: filler)
        try log.resume(recovered)
        return log
    }

    private func resume(_ recovered: LogRecoverer.Result) throws(LogError) {
        groups = recovered.groups
        segments = recovered.segments
        sequence = recovered.sequence
        chain = recovered.chain
        if let last = segments.last {
            // On a full disk a node still starts, and frees space by a snapshot.
            try? files.makeSpare()
            salt = LogFormat.salt(identity: configuration.identity, segment: last.number)
            try settle(last, cutByteCount: recovered.summary.cutByteCount)
            files.fillAhead(of: segments[segments.count - 1])
            // An empty batch marks the end of what must not change.
            beginBatch()
        } else {
            try files.makeSpare()
            openSegment(number: 1, previousEnd: 0)
            openBatch()
        }
        try writeBatch()
        try? files.makeSpare()
    }
    /// Makes durable what was found, after an unfinished write's bytes are gone: an earlier process
    /// may have ended between a write, or the naming of a segment, and its sync.
    private func settle(_ last: Segment, cutByteCount: Int) throws(LogError) {
        let file = try files.openCurrent(last.number)
        do throws(FileSystemError) {
            if cutByteCount > 0 {
                try file.truncate(byteCount: UInt64(last.byteCount))
                segments[segments.count - 1].fileByteCount = last.byteCount
            }
            try file.sync()
            try fileSystem.syncDirectory(configuration.directory)
        } catch {
            throw LogError(error)
        }
        let wanted = configuration.segmentByteCount
        guard segments[segments.count - 1].fileByteCount < wanted else { return }
        // Where that fails, batches lengthen the file one by one, and say so when they can't.
        if (try? file.preallocate(byteCount: UInt64(wanted))) != nil {
            segments[segments.count - 1].fileByteCount = wanted
        }
    }
}
