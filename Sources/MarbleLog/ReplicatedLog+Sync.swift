internal import MarbleEnvironment

extension ReplicatedLog {
    /// Makes all changes since the last `sync` durable, with one write and one sync; does nothing
    /// when there are none. Then removes segments that nobody needs.
    /// - Throws: `.noSpace` when the disk is full: what was gathered stays gathered (and readable),
    ///   nothing of it is durable, and `sync` may be called again. Any other error poisons the log.
    package func sync() throws(LogError) {
        try checkUsable()
        guard batchStart != nil else { return }
        try writeBatch()
        try removeDeadSegments()
        if !files.hasSpare { try? files.makeSpare() }
        try stageCopies()
    }

    /// Tries again to reserve the next segment, while `isSpaceLow`.
    /// - Throws: `.noSpace`, or what else is in the way.
    package func reserveSpace() throws(LogError) {
        try checkUsable()
        try files.makeSpare()
    }

    /// Makes what was gathered durable, and marks the end, so that later damage to the last batch
    /// can't be taken for an unfinished write. Closes all files and gives the lock back.
    package func close() throws(LogError) {
        if failure?.code == .closed { return }
        defer {
            files.closeAll()
            lock.release()
            failure = LogError(.closed, "the log in \(configuration.directory) is closed")
        }
        try checkUsable()
        if batchStart != nil { try writeBatch() }
        beginBatch()
        try writeBatch()
    }

    func writeBatch() throws(LogError) {
        finishBatch()
        if var header = openingHeader {
            header.sealedByteCount = UInt64(buffer.byteCount)
            header.encode(to: buffer.start)
        }
        let position = segments.count - 1
        let end = bufferOffset + buffer.byteCount
        let file = files.writable(through: end, isOpeningSegment: isOpeningSegment)
        do {
            if end > segments[position].fileByteCount {
                try file.preallocate(byteCount: UInt64(end))
                segments[position].fileByteCount = end
            }
            try file.write(buffer.bytes, at: UInt64(bufferOffset))
        } catch {
            // Nothing was synced since the last success, so nothing that counts can be lost, and
            // the same bytes go to the same place with the next try.
            let failure = LogError(error)
            throw failure.code == .noSpace ? failure : poison(failure)
        }
        do { try file.sync() } catch {
            throw poison(LogError(.ioFailure, "log: \(error.message)", cause: error))
        }
        if isOpeningSegment {
            do { try files.adoptSpare(as: segments[position].number) } catch { throw poison(error) }
        }
        segments[position].byteCount = end
        syncCount += 1
        writtenByteCount += UInt64(buffer.byteCount)
        sequence += 1
        isOpeningSegment = false
        openingHeader = nil
        batchStart = nil
        buffer.removeAll()
    }

    /// Everything is durable here, so a segment without live entries is needed by nobody: terms,
    /// votes and bases stand at the head of the segments after it.
    private func removeDeadSegments() throws(LogError) {
        while segments.count > 1, segments[0].liveCount == 0 {
            do { try files.remove(segments[0].number) } catch { throw poison(error) }
            segments.removeFirst()
        }
    }

    /// Entries of idle groups would keep every later segment from going. So once more than half of
    /// the closed segments is garbage, the oldest one's entries are appended again, a part with
    /// each `sync`. Every cycle through the log copies at most what is live and frees as much, so
    /// the log stays below twice its live entries and three segments, and copying below one byte
    /// for each byte appended.
    private func stageCopies() throws(LogError) {
        guard mustCopyForward else { return }
        let oldest = UInt32(truncatingIfNeeded: segments[0].number)
        var budget = max(configuration.segmentByteCount / 16, 4096)
        do {
            for number in groupNumbers where budget > 0 {
                guard let log = groups[number] else { continue }
                try log.forEachEntry(in: oldest) { (index) throws(LogError) in
                    budget -= try copyForward(log, index)
                    return budget > 0
                }
            }
        } catch {
            throw poison(error)
        }
    }

    private var mustCopyForward: Bool {
        guard segments.count > 2, files.hasSpare else { return false }
        let closedByteCount = segments.dropLast().reduce(0) { $0 + $1.byteCount }
        let liveByteCount = segments.reduce(0) { $0 + $1.liveByteCount }
        return closedByteCount > 2 * liveByteCount + 2 * configuration.segmentByteCount
    }

    /// Whether the next `sync` would be a write and a sync in the last segment, and nothing else:
    /// no segment is opened, removed or copied, no space is sought.
    package var isSyncShort: Bool {
        guard failure == nil, files.hasSpare, !isOpeningSegment, !isLastSegmentFull else {
            return false
        }
        return (segments.count == 1 || segments[0].liveCount > 0) && !mustCopyForward
    }

    private func copyForward(_ log: GroupLog, _ index: UInt64) throws(LogError) -> Int {
        let before = log.location(at: index)
        try withRecord(log, index) { record, payload in
            var copy = record
            copy.type = .copiedEntry
            let location = encode(copy, payload)
            log.move(index, to: location)
            drop(before)
            segments[segments.count - 1].add(location)
        }
        copiedEntryCount += 1
        return before.recordByteCount
    }
}
