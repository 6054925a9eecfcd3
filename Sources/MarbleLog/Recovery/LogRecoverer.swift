internal import MarbleEnvironment

/// Reads all segments of a log and checks them.
struct LogRecoverer {
    struct Result {
        var groups: [UInt64: GroupLog] = [:]
        var segments: [Segment] = []
        var sequence: UInt64 = 1
        var chain: UInt32 = 0
        var summary = LogRecovery(groups: [:], cutByteCount: 0, segmentCount: 0, entryCount: 0)
    }

    let fileSystem: any FileSystem
    let configuration: LogConfiguration

    /// - Parameter numbers: of the segments that are there, ascending.
    func recover(numbers: [UInt64]) throws(LogError) -> Result {
        var result = Result()
        guard let first = numbers.first else { return result }
        try checkNumbers(numbers)
        var replay = LogReplay()
        var header = try readHeader(first)
        for (position, number) in numbers.enumerated() {
            let isLast = position == numbers.count - 1
            let next = isLast ? nil : try readHeader(number + 1)
            try scan(number, header, next, &replay, &result)
            if let next { header = next }
        }
        result.groups = try replay.finish(firstPath: path(first))
        for (number, group) in result.groups {
            countLive(group, &result.segments)
            result.summary.groups[number] = group.state
            result.summary.entryCount += Int(group.state.entryCount)
        }
        result.summary.segmentCount = result.segments.count
        return result
    }

    private func path(_ number: UInt64) -> String {
        FilePaths.join(configuration.directory, LogFormat.segmentName(number))
    }

    private func checkNumbers(_ numbers: [UInt64]) throws(LogError) {
        for (before, number) in zip(numbers, numbers.dropFirst()) where number != before + 1 {
            throw .damaged(path(before + 1), at: 0, "the file is missing")
        }
        guard let first = numbers.first, let last = numbers.last, first > 0,
            last < UInt64(UInt32.max)
        else { throw .damaged(path(numbers.last ?? 0), at: 0, "no segment has this number") }
    }

    private func readHeader(_ number: UInt64) throws(LogError) -> SegmentHeader {
        var bytes = [UInt8](repeating: 0, count: LogFormat.segmentHeaderByteCount)
        let count: Int
        do {
            let file = try fileSystem.open(path(number), .readOnly)
            defer { file.close() }
            count = try bytes.withUnsafeMutableBufferPointer {
                (buffer) throws(FileSystemError) in
                try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
            }
        } catch {
            throw LogError(error)
        }
        return try bytes.withUnsafeBufferPointer { (buffer) throws(LogError) in
            try SegmentHeader.decode(
                UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]),
                path: path(number), number: number, identity: configuration.identity)
        }
    }

    private func scan(
        _ number: UInt64, _ header: SegmentHeader, _ next: SegmentHeader?,
        _ replay: inout LogReplay, _ result: inout Result
    ) throws(LogError) {
        let bytes: [UInt8]
        do {
            bytes = try fileSystem.readAll(
                path(number), byteCountMax: Int(LogFormat.segmentByteCountLimit))
        } catch {
            throw LogError(error)
        }
        try bytes.withUnsafeBufferPointer { (buffer) throws(LogError) in
            let bytes = UnsafeRawBufferPointer(buffer)
            var scanner = SegmentScanner(bytes, path: path(number), header: header, next: next)
            var isHead = true
            while let records = try scanner.nextBatch() {
                try apply(bytes, records, number, isHead: isHead, &replay)
                isHead = false
            }
            result.segments.append(
                Segment(number: number, byteCount: scanner.offset, fileByteCount: bytes.count))
            result.sequence = scanner.sequence
            result.chain = scanner.chain
            result.summary.cutByteCount = scanner.tornByteCount
        }
    }

    private func apply(
        _ bytes: UnsafeRawBufferPointer, _ records: Range<Int>, _ number: UInt64, isHead: Bool,
        _ replay: inout LogReplay
    ) throws(LogError) {
        var offset = records.lowerBound
        while offset < records.upperBound {
            let record: LogRecord
            do {
                record = try LogRecord.decode(bytes, at: offset, end: records.upperBound)
            } catch {
                throw .damaged(
                    path(number), at: offset, error.reason, group: error.group, index: error.index)
            }
            let start = offset + LogFormat.recordHeaderByteCount
            let payload = UnsafeRawBufferPointer(
                rebasing: bytes[start..<start + record.payloadByteCount])
            let location = EntryLocation(
                segment: UInt32(truncatingIfNeeded: number),
                byteCount: UInt32(truncatingIfNeeded: record.payloadByteCount),
                offset: UInt64(offset))
            do {
                try replay.apply(record, payload: payload, location: location, isHead: isHead)
            } catch {
                throw .damaged(
                    path(number), at: offset, error.reason, group: record.group,
                    index: record.index)
            }
            offset += record.byteCount
        }
        guard isHead else { return }
        do { try replay.endHead() } catch {
            throw .damaged(path(number), at: records.lowerBound, error.reason)
        }
    }

    private func countLive(_ group: GroupLog, _ segments: inout [Segment]) {
        guard let first = segments.first?.number, group.state.entryCount > 0 else { return }
        for index in group.state.baseIndex + 1...group.state.lastIndex {
            let location = group.location(at: index)
            segments[Int(UInt64(location.segment) - first)].add(location)
        }
    }
}
