extension ReplicatedLog {
    /// Begins the batch that the next `sync` writes: in the last segment, or, when that is full
    /// and the next one's space is reserved, in a new one.
    ///
    /// It is decided here, before the first record, so that every record's place is known at once.
    func beginBatch() {
        let current = segments[segments.count - 1]
        if isLastSegmentFull, files.hasSpare {
            openSegment(number: current.number + 1, previousEnd: current.byteCount)
        } else {
            bufferOffset = current.byteCount
        }
        openBatch()
    }

    /// Too little is left in the last segment to begin a batch there.
    var isLastSegmentFull: Bool {
        let segmentByteCount = configuration.segmentByteCount
        let room = min(256 << 10, segmentByteCount / 8)
        return segments[segments.count - 1].byteCount + room > segmentByteCount
    }

    /// Encodes the head of a new segment: its header, and the state of every group as it is now,
    /// so that nothing before this segment is needed but the entries themselves.
    func openSegment(number: UInt64, previousEnd: Int) {
        segments.append(
            Segment(number: number, byteCount: 0, fileByteCount: configuration.segmentByteCount))
        isOpeningSegment = true
        bufferOffset = 0
        salt = LogFormat.salt(identity: configuration.identity, segment: number)
        openingHeader = SegmentHeader(
            number: number, identity: configuration.identity, firstSequence: sequence,
            previousEnd: UInt64(previousEnd), chainSeed: chain, sealedByteCount: 0)
        _ = buffer.extend(by: LogFormat.segmentHeaderByteCount)
        openBatch()
        for group in groupNumbers {
            guard let state = groups[group]?.state else { continue }
            let (record, payload) = state.record(group: group)
            payload.withUnsafeBytes { bytes in
                let target = buffer.extend(by: record.byteCount)
                record.encode(to: target, payload: bytes, chain: &chain)
            }
            batchRecordCount += 1
        }
        finishBatch()
        sequence += 1
    }

    func openBatch() {
        batchStart = buffer.byteCount
        batchRecordCount = 0
        batchPreviousChain = chain
        _ = buffer.extend(by: LogFormat.batchHeaderByteCount)
    }

    /// Fills in the header of the batch; more may be gathered after it, and then it is done again.
    func finishBatch() {
        guard let batchStart else { return }
        let header = BatchHeader(
            sequence: sequence, offset: UInt64(bufferOffset + batchStart),
            byteCount: UInt64(buffer.byteCount - batchStart - LogFormat.batchHeaderByteCount),
            recordCount: batchRecordCount, previousChain: batchPreviousChain, chain: chain)
        header.encode(to: buffer.start + batchStart, salt: salt)
    }
}
