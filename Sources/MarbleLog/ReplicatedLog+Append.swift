extension ReplicatedLog {
    /// Adds an entry to what the next `sync` writes. Copies the payload.
    /// - Parameters:
    ///   - index: the group's last index + 1.
    ///   - term: not below the last entry's.
    ///   - kind: the caller's; kept as it is.
    /// - Throws: `.misuse`, `.entryTooLarge`, `.noSpace` (see `isSpaceLow`): the log is as it was.
    package func appendEntry(
        group: UInt64, index: UInt64, term: UInt64, kind: UInt8, payload: UnsafeRawBufferPointer
    ) throws(LogError) {
        try checkUsable()
        let log = groupLog(group)
        guard index == log.state.lastIndex &+ 1, term >= log.state.lastTerm, index < .max else {
            throw appendMisuse(log, index: index, term: term)
        }
        guard payload.count <= configuration.maxRecordByteCount else {
            throw LogError(
                .entryTooLarge,
                "entry \(index) of group \(group) has \(payload.count) bytes, and the log takes "
                    + "\(configuration.maxRecordByteCount); split it, or raise the limit")
        }
        let record = LogRecord(
            type: .entry, kind: kind, group: group, index: index, term: term,
            payloadByteCount: payload.count)
        if isSpaceLow { try checkReserve(record) }
        let location = encode(record, payload)
        log.append(index: index, term: term, location: location)
        segments[segments.count - 1].add(location)
    }

    /// Removes the entries from `index` on; none when `index` is the last + 1 or beyond.
    package func truncateSuffix(group: UInt64, from index: UInt64) throws(LogError) {
        try checkUsable()
        let log = groupLog(group)
        guard index > log.state.baseIndex else {
            throw LogError(
                .misuse,
                "entries from \(index) on can't be removed from group \(group): it is compacted "
                    + "through \(log.state.baseIndex)")
        }
        guard index <= log.state.lastIndex else { return }
        encode(.truncate, group: group, index: index)
        log.truncate(from: index) { drop($0) }
    }

    /// Keeps the group's term and vote.
    /// - Parameter term: never below the one before.
    package func setHardState(
        group: UInt64, term: UInt64, votedFor: UInt64?
    ) throws(LogError) {
        try checkUsable()
        let log = groupLog(group)
        guard term >= log.state.term else {
            throw LogError(
                .misuse, "term \(term) of group \(group) is below its term \(log.state.term)")
        }
        guard term != log.state.term || votedFor != log.state.votedFor else { return }
        encode(
            .hardState, kind: votedFor == nil ? 0 : 1, group: group, index: votedFor ?? 0,
            term: term)
        log.state.term = term
        log.state.votedFor = votedFor
    }

    /// Forgets the entries through `throughIndex`, which a durable snapshot covers. Where the log
    /// ends before it, or has another term there, all entries go, and it starts again, empty,
    /// after `throughIndex`. Nothing happens when it is compacted as far already. Segments that
    /// nobody needs any more are removed by the next `sync`.
    /// - Parameter term: of the entry at `throughIndex`.
    package func compactPrefix(
        group: UInt64, throughIndex: UInt64, term: UInt64
    ) throws(LogError) {
        try checkUsable()
        let log = groupLog(group)
        guard throughIndex > log.state.baseIndex else { return }
        guard throughIndex < .max - 1, term >= log.state.baseTerm else {
            throw LogError(
                .misuse,
                "group \(group) can't be compacted through \(throughIndex) of term \(term): "
                    + "its base has term \(log.state.baseTerm)")
        }
        if throughIndex < log.state.lastIndex, log.state.term(at: throughIndex) == term,
            let next = log.state.term(at: throughIndex + 1), next < term
        {
            throw LogError(.misuse, "group \(group): term \(term) comes before term \(next)")
        }
        encode(.compact, group: group, index: throughIndex, term: term)
        log.compact(through: throughIndex, term: term) { drop($0) }
    }

    // MARK: Parts

    @inline(__always)
    func groupLog(_ number: UInt64) -> GroupLog {
        if let lastGroup, lastGroup.number == number { return lastGroup }
        let log = groups[number] ?? GroupLog(number: number)
        groups[number] = log
        lastGroup = log
        return log
    }

    func drop(_ location: EntryLocation) {
        let position = Int(UInt64(location.segment) - segments[0].number)
        segments[position].remove(location)
    }

    private func encode(
        _ type: LogRecordType, kind: UInt8 = 0, group: UInt64, index: UInt64, term: UInt64 = 0
    ) {
        let record = LogRecord(
            type: type, kind: kind, group: group, index: index, term: term, payloadByteCount: 0)
        encode(record, UnsafeRawBufferPointer(start: nil, count: 0))
    }

    @discardableResult @inline(__always)
    func encode(_ record: LogRecord, _ payload: UnsafeRawBufferPointer) -> EntryLocation {
        if batchStart == nil { beginBatch() }
        let offset = bufferOffset + buffer.byteCount
        let target = buffer.extend(by: record.byteCount)
        record.encode(to: target, payload: payload, chain: &chain)
        batchRecordCount += 1
        return EntryLocation(
            segment: UInt32(truncatingIfNeeded: segments[segments.count - 1].number),
            byteCount: UInt32(truncatingIfNeeded: record.payloadByteCount), offset: UInt64(offset))
    }

    /// With no next segment reserved, entries leave the end of this one to terms and votes.
    private func checkReserve(_ record: LogRecord) throws(LogError) {
        let end = bufferOffset + buffer.byteCount + record.byteCount
        if end <= configuration.segmentByteCount / 4 * 3 { return }
        throw LogError(
            .noSpace,
            "the disk of \(configuration.directory) is full: no further entries are taken until "
                + "\(configuration.segmentByteCount) bytes can be reserved; free space on it",
            cause: files.spareFailure?.cause)
    }

    private func appendMisuse(_ log: GroupLog, index: UInt64, term: UInt64) -> LogError {
        let state = log.state
        return LogError(
            .misuse,
            "entry \(index) of term \(term) can't follow the last one of group \(log.number), "
                + "which is \(state.lastIndex) of term \(state.lastTerm)")
    }
}
