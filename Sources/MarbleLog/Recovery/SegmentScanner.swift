/// Goes through the bytes of one segment, batch by batch, and tells an unfinished write from damage.
struct SegmentScanner {
    private let bytes: UnsafeRawBufferPointer
    private let path: String
    private let salt: UInt32
    private let header: SegmentHeader
    /// Where this segment ended and with which chain, as the next one's header says; nil for the
    /// last segment.
    private let next: SegmentHeader?

    private(set) var offset: Int
    private(set) var sequence: UInt64
    private(set) var chain: UInt32
    /// Bytes after `offset` that an unfinished write left.
    private(set) var tornByteCount = 0

    init(
        _ bytes: UnsafeRawBufferPointer, path: String, header: SegmentHeader, next: SegmentHeader?
    ) {
        self.bytes = bytes
        self.path = path
        self.header = header
        self.next = next
        salt = LogFormat.salt(identity: header.identity, segment: header.number)
        offset = LogFormat.segmentHeaderByteCount
        sequence = header.firstSequence
        chain = header.chainSeed
    }

    /// Why the bytes at `offset` aren't the next batch.
    private struct Fault: Error {
        var offset: Int
        var record: LogRecord.Fault
    }

    /// The next batch's records, all of them checked; nil at the segment's end.
    mutating func nextBatch() throws(LogError) -> Range<Int>? {
        if let next, UInt64(offset) == next.previousEnd {
            try checkEnd(next)
            return nil
        }
        do {
            let batch = try checkedBatch()
            offset = batch.records.upperBound
            chain = batch.chain
            sequence += 1
            return batch.records
        } catch {
            guard next == nil, UInt64(offset) >= header.sealedByteCount,
                !laterBatchExists(after: offset)
            else {
                throw .damaged(
                    path, at: error.offset, error.record.reason, group: error.record.group,
                    index: error.record.index)
            }
            tornByteCount = endOfContent() - offset
            return nil
        }
    }

    private func checkEnd(_ next: SegmentHeader) throws(LogError) {
        guard next.chainSeed == chain, next.firstSequence == sequence else {
            throw .damaged(path, at: offset, "the next segment doesn't follow from its end")
        }
        let end = endOfContent()
        guard end == offset else {
            throw .damaged(path, at: end - 1, "there are bytes after the end of the segment")
        }
    }

    private func checkedBatch() throws(Fault) -> (records: Range<Int>, chain: UInt32) {
        func fault(_ reason: String, at place: Int? = nil) -> Fault {
            Fault(offset: place ?? offset, record: LogRecord.Fault(reason: reason))
        }
        guard let batch = BatchHeader.decode(bytes, at: offset, salt: salt) else {
            throw fault("there is no valid batch header")
        }
        guard batch.sequence == sequence, batch.previousChain == chain else {
            throw fault("batch \(batch.sequence) stands where batch \(sequence) must")
        }
        let start = offset + LogFormat.batchHeaderByteCount
        guard batch.byteCount <= UInt64(bytes.count - start) else {
            throw fault("a batch claims \(batch.byteCount) bytes, more than the file has")
        }
        let end = start + Int(batch.byteCount)
        var chain = chain
        var position = start
        var count: UInt32 = 0
        while position < end {
            let record: LogRecord
            do { record = try LogRecord.decode(bytes, at: position, end: end) } catch {
                throw Fault(offset: position, record: error)
            }
            chain = CRC32C.checksum(of: bytes.word32(position + 4), continuing: chain)
            guard bytes.word32(position) == chain else {
                throw fault("a record doesn't follow the one before", at: position)
            }
            count &+= 1
            position += record.byteCount
        }
        guard chain == batch.chain, count == batch.recordCount else {
            throw fault("the records aren't those of the batch's header")
        }
        return (start..<end, chain)
    }

    /// A batch is written only after the one before is durable: a later header proves that what
    /// doesn't check out at `offset` was durable once.
    private func laterBatchExists(after offset: Int) -> Bool {
        var place = offset + 8
        while place <= bytes.count - LogFormat.batchHeaderByteCount {
            if bytes.word32(place + 4) == LogFormat.batchMagic,
                let batch = BatchHeader.decode(bytes, at: place, salt: salt),
                batch.sequence > sequence
            {
                return true
            }
            place += 8
        }
        return false
    }

    /// Behind the last byte that isn't zero, and not before `offset`.
    private func endOfContent() -> Int {
        var end = bytes.count
        while end - 8 >= offset, bytes.word64(end - 8) == 0 { end -= 8 }
        while end > offset, bytes[end - 1] == 0 { end -= 1 }
        return end
    }
}
