package import MarbleArrow

/// Hands a capture's rows out in batches, in the order asked for, skipping and limiting as asked for.
///
/// Whole stretches of rows that lie as they are wanted go out without a copy; others are gathered.
package struct StoreScan {
    let limit: ScanBatchLimit
    let columns: [Int]?
    /// How many rows are yet to be skipped, and to be handed out.
    private var skipCount: Int
    private var leftCount: Int
    private var gather: ArrowGather
    /// The number of each chunk among the gatherer's sources, since the last batch was made.
    private var sources: [Int?]
    private var steps: StoreScanSteps
    /// Batches that are ready to go.
    private var ready: [ArrowRecordBatch] = []
    private var readyPosition = 0
    /// How many rows were looked at.
    package private(set) var rowsScanned = 0
    /// How many rows were handed out.
    package private(set) var rowsReturned = 0

    /// Stretches from here on go out by themselves, without a copy.
    private static let stretchRowCount = 4096
    private static let stretchByteCount = 256 << 10
    /// Shorter ones aren't worth asking how many bytes they have.
    private static let stretchCandidateRowCount = 64

    /// - Parameter columns: positions in the schema, in the order wanted; nil for all.
    package init(
        _ capture: TableCapture, schema: ArrowSchema, columns: [Int]?, order: StoreScanOrder,
        offset: Int, rowCountMax: Int?, limit: ScanBatchLimit
    ) {
        self.limit = limit
        self.columns = columns
        skipCount = offset
        leftCount = rowCountMax ?? .max
        gather = ArrowGather(
            schema: schema, columns: columns, rowCountMax: limit.rowCount,
            byteCountMax: limit.byteCount)
        let chunks = capture.chunks.compactMap { $0 }
        switch order {
        case .stored: steps = .stored(StoredScanSteps(chunks))
        case .keyAscending:
            steps = .merged(MergeScanSteps(chunks, schema: schema, descending: false))
        case .keyDescending:
            steps = .merged(MergeScanSteps(chunks, schema: schema, descending: true))
        }
        sources = [Int?](repeating: nil, count: steps.chunkCount)
    }

    /// The next rows, at least one; nil at the end.
    package mutating func next() throws(StoreError) -> ArrowRecordBatch? {
        while true {
            if readyPosition < ready.count {
                readyPosition += 1
                rowsReturned += ready[readyPosition - 1].rowCount
                return ready[readyPosition - 1]
            }
            ready.removeAll(keepingCapacity: true)
            readyPosition = 0
            guard leftCount > 0, let step = steps.next() else {
                try flush()
                if ready.isEmpty { return nil }
                continue
            }
            do { try take(step) } catch { throw Self.failure(error) }
        }
    }

    private mutating func take(_ step: ScanStep) throws(ArrowError) {
        var rows = step.rows
        rowsScanned += rows.count
        if skipCount > 0 {
            let skipped = min(skipCount, rows.count)
            skipCount -= skipped
            rows = rows.lowerBound + skipped..<rows.upperBound
        }
        if rows.count > leftCount { rows = rows.lowerBound..<rows.lowerBound + leftCount }
        guard !rows.isEmpty else { return }
        leftCount -= rows.count
        if rows.count >= Self.stretchCandidateRowCount {
            let chunk = steps.chunk(step.chunk)
            var stretch = chunk.rows.batch.slice(offset: rows.lowerBound, length: rows.count)
            if let columns { stretch = stretch.select(columns) }
            let byteCount = stretch.byteCount
            if rows.count >= Self.stretchRowCount || byteCount >= Self.stretchByteCount {
                try finishGather()
                emit(stretch, byteCount: byteCount)
                return
            }
        }
        try append(rows, of: step.chunk)
    }

    private mutating func append(_ rows: Range<Int>, of chunk: Int) throws(ArrowError) {
        var source: Int
        if let known = sources[chunk] {
            source = known
        } else {
            source = try gather.addSource(steps.chunk(chunk).rows.batch)
            sources[chunk] = source
        }
        if rows.count == 1 {
            gather.append(source: source, row: rows.lowerBound)
        } else {
            gather.append(source: source, rows: rows)
        }
        if gather.isFull { try finishGather() }
    }

    /// Queues a stretch of rows, cut so that no part is beyond the limits.
    private mutating func emit(_ stretch: ArrowRecordBatch, byteCount: Int) {
        let isSmallEnough = byteCount <= limit.byteCount && stretch.rowCount <= limit.rowCount
        if isSmallEnough || stretch.rowCount == 1 {
            ready.append(stretch)
            return
        }
        let half = stretch.rowCount / 2
        for part in [
            stretch.slice(offset: 0, length: half),
            stretch.slice(offset: half, length: stretch.rowCount - half),
        ] {
            emit(part, byteCount: part.byteCount)
        }
    }

    /// Queues what has been gathered.
    private mutating func finishGather() throws(ArrowError) {
        guard gather.rowCount > 0 else { return }
        let batch = try gather.finish()
        // The last row may have taken it past the limit.
        emit(batch, byteCount: batch.byteCount)
        gather.removeSources()
        for index in sources.indices { sources[index] = nil }
    }

    private mutating func flush() throws(StoreError) {
        do { try finishGather() } catch { throw Self.failure(error) }
    }

    private static func failure(_ error: ArrowError) -> StoreError {
        StoreError(.gather, "rows can't be put into one batch", cause: error)
    }
}

/// Neighbouring rows of one chunk that come next.
struct ScanStep {
    var chunk: Int
    var rows: Range<Int>
}

/// Where a scan's rows come from.
enum StoreScanSteps {
    case stored(StoredScanSteps)
    case merged(MergeScanSteps)

    var chunkCount: Int {
        switch self {
        case .stored(let steps): steps.chunks.count
        case .merged(let steps): steps.chunks.count
        }
    }

    func chunk(_ index: Int) -> RowChunk {
        switch self {
        case .stored(let steps): steps.chunks[index]
        case .merged(let steps): steps.chunks[index]
        }
    }

    mutating func next() -> ScanStep? {
        switch self {
        case .stored(var steps):
            self = .stored(StoredScanSteps([]))
            let step = steps.next()
            self = .stored(steps)
            return step
        case .merged(var steps):
            self = .merged(MergeScanSteps())
            let step = steps.next()
            self = .merged(steps)
            return step
        }
    }
}

/// Live rows in the order in which they lie.
struct StoredScanSteps {
    let chunks: [RowChunk]
    private var chunk = 0
    private var runs: [Range<Int>] = []
    private var run = 0

    init(_ chunks: [RowChunk]) {
        self.chunks = chunks
    }

    mutating func next() -> ScanStep? {
        while run == runs.count {
            guard chunk < chunks.count else { return nil }
            runs.removeAll(keepingCapacity: true)
            run = 0
            chunks[chunk].forEachLiveRun { runs.append($0) }
            chunk += 1
        }
        run += 1
        return ScanStep(chunk: chunk - 1, rows: runs[run - 1])
    }
}
