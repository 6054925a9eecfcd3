internal import MarbleEnvironment

extension ReplicatedLog {
    /// Reads entries in order, each checked; those that aren't synced yet, too.
    /// - Parameters:
    ///   - byteCountMax: no more entries once their payloads have this many bytes; the first one
    ///     comes however large it is.
    ///   - body: gets index, term, kind and payload; the payload is there only during the call,
    ///     and the log may not be called from it.
    /// - Returns: the last index that was read.
    /// - Throws: `.notInLog` when not all of `from...through` is in the group's log; `.damaged`.
    @discardableResult
    package func read(
        group: UInt64, from: UInt64, through: UInt64, byteCountMax: Int,
        _ body: (
            _ index: UInt64, _ term: UInt64, _ kind: UInt8, _ payload: UnsafeRawBufferPointer
        ) -> Void
    ) throws(LogError) -> UInt64 {
        try checkUsable()
        let state = groups[group]?.state ?? LogGroupState()
        guard let log = groups[group], from > state.baseIndex, from <= through,
            through <= state.lastIndex
        else {
            throw LogError(
                .notInLog,
                "entries \(from) to \(through) of group \(group) aren't in the log, which has "
                    + "\(state.baseIndex + 1) to \(state.lastIndex)")
        }
        var index = from
        var byteCount = 0
        while index <= through {
            let last = try fetch(log, index, through: through, byteCountMax - byteCount)
            while index <= last {
                let payloadByteCount = Int(log.location(at: index).byteCount)
                if index > from, byteCount + payloadByteCount > byteCountMax { return index - 1 }
                try withFetchedRecord(log, index) { record, payload in
                    body(index, record.term, record.kind, payload)
                }
                byteCount += payloadByteCount
                index += 1
            }
        }
        return through
    }

    func withRecord(
        _ log: GroupLog, _ index: UInt64, _ body: (LogRecord, UnsafeRawBufferPointer) -> Void
    ) throws(LogError) {
        _ = try fetch(log, index, through: index, 0)
        try withFetchedRecord(log, index, body)
    }

    /// Reading ahead further than this costs more memory than it saves calls.
    private static let windowByteCountMax = 1 << 20

    /// Reads the records of `index` and of as many after it as lie close behind it in the same
    /// segment into `readBuffer`.
    /// - Returns: the last index that is there.
    private func fetch(
        _ log: GroupLog, _ index: UInt64, through: UInt64, _ byteCountMax: Int
    ) throws(LogError) -> UInt64 {
        let first = log.location(at: index)
        if isPending(first) { return index }
        var last = index
        var end = first.offset + UInt64(first.recordByteCount)
        let window = UInt64(max(0, min(byteCountMax, Self.windowByteCountMax)))
        while last < through {
            let next = log.location(at: last + 1)
            let nextEnd = next.offset + UInt64(next.recordByteCount)
            guard next.segment == first.segment, next.offset >= end, !isPending(next),
                nextEnd - first.offset <= window
            else { break }
            last += 1
            end = nextEnd
        }
        fetched = first
        try fill(first, byteCount: Int(end - first.offset))
        return last
    }

    private func isPending(_ location: EntryLocation) -> Bool {
        UInt64(location.segment) == segments[segments.count - 1].number && batchStart != nil
            && location.offset >= UInt64(bufferOffset)
    }

    private func fill(_ first: EntryLocation, byteCount: Int) throws(LogError) {
        let number = UInt64(first.segment)
        let isCurrent = number == segments[segments.count - 1].number
        // Before a new segment has its file, the current file is that of the segment before.
        let file = try files.readable(number, isCurrent: isCurrent && !isOpeningSegment)
        if readBuffer.count < byteCount || readBuffer.count > 4 * Self.windowByteCountMax {
            readBuffer = [UInt8](repeating: 0, count: max(byteCount, 4096))
        }
        let count: Int
        do {
            count = try readBuffer.withUnsafeMutableBufferPointer {
                (bytes) throws(FileSystemError) in
                let target = UnsafeMutableRawBufferPointer(
                    start: bytes.baseAddress, count: byteCount)
                return try file.read(into: target, at: first.offset)
            }
        } catch {
            throw LogError(error)
        }
        guard count == byteCount else {
            throw .damaged(
                files.path(number), at: Int(first.offset) + count, "the file ends inside an entry")
        }
    }

    private func withFetchedRecord(
        _ log: GroupLog, _ index: UInt64, _ body: (LogRecord, UnsafeRawBufferPointer) -> Void
    ) throws(LogError) {
        let location = log.location(at: index)
        if isPending(location) {
            let start = Int(location.offset) - bufferOffset
            try check(buffer.bytes, at: start, location, log, index, body)
            return
        }
        let start = Int(location.offset - fetched.offset)
        try readBuffer.withUnsafeBufferPointer { (bytes) throws(LogError) in
            try check(UnsafeRawBufferPointer(bytes), at: start, location, log, index, body)
        }
    }

    private func check(
        _ bytes: UnsafeRawBufferPointer, at start: Int, _ location: EntryLocation, _ log: GroupLog,
        _ index: UInt64, _ body: (LogRecord, UnsafeRawBufferPointer) -> Void
    ) throws(LogError) {
        let path = files.path(UInt64(location.segment))
        let record: LogRecord
        do {
            record = try LogRecord.decode(
                bytes, at: start, end: start + location.recordByteCount)
        } catch {
            throw .damaged(
                path, at: Int(location.offset), error.reason, group: log.number, index: index)
        }
        guard record.type == .entry || record.type == .copiedEntry, record.group == log.number,
            record.index == index, record.payloadByteCount == Int(location.byteCount),
            record.term == log.state.term(at: index)
        else {
            throw .damaged(
                path, at: Int(location.offset), "another record lies there", group: log.number,
                index: index)
        }
        let payload = start + LogFormat.recordHeaderByteCount
        body(
            record,
            UnsafeRawBufferPointer(rebasing: bytes[payload..<payload + record.payloadByteCount]))
    }
}
