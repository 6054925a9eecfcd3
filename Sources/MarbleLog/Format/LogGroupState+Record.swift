extension LogGroupState {
    private static let fixedByteCount = 24
    private static let runByteCount = 16

    /// The state as a record at the head of a segment.
    func record(group: UInt64) -> (record: LogRecord, payload: [UInt8]) {
        var words = [votedFor ?? 0, baseIndex, baseTerm]
        for run in termRuns {
            words.append(run.firstIndex)
            words.append(run.term)
        }
        var payload: [UInt8] = []
        payload.reserveCapacity(words.count * 8)
        for word in words {
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                payload.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        let record = LogRecord(
            type: .groupState, kind: votedFor == nil ? 0 : 1, group: group, index: lastIndex,
            term: term, payloadByteCount: payload.count)
        return (record, payload)
    }

    /// The state that a record holds; nil when it holds none that can be.
    init?(_ record: LogRecord, payload: UnsafeRawBufferPointer) {
        guard record.type == .groupState, record.kind <= 1, payload.count >= Self.fixedByteCount,
            (payload.count - Self.fixedByteCount) % Self.runByteCount == 0
        else { return nil }
        self.init()
        term = record.term
        votedFor = record.kind == 1 ? payload.word64(0) : nil
        baseIndex = payload.word64(8)
        baseTerm = payload.word64(16)
        lastIndex = record.index
        for offset in stride(from: Self.fixedByteCount, to: payload.count, by: Self.runByteCount) {
            termRuns.append(
                LogTermRun(
                    firstIndex: payload.word64(offset), term: payload.word64(offset + 8)))
        }
        guard isConsistent else { return nil }
    }

    private var isConsistent: Bool {
        guard baseIndex <= lastIndex, lastIndex < .max else { return false }
        guard baseIndex < lastIndex else { return termRuns.isEmpty }
        guard termRuns.first?.firstIndex == baseIndex + 1 else { return false }
        var before = LogTermRun(firstIndex: baseIndex, term: baseTerm)
        for (position, run) in termRuns.enumerated() {
            let rises = position == 0 ? run.term >= before.term : run.term > before.term
            guard run.firstIndex > before.firstIndex, run.firstIndex <= lastIndex, rises else {
                return false
            }
            before = run
        }
        return true
    }
}
