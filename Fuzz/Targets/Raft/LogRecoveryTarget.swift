import MarbleEnvironment

@testable import MarbleLog

/// A segment of the log as a node finds it when it starts.
///
/// If the first byte is 0, the rest are the file's bytes as they are. Else they are batches of
/// records, which get checksums that fit: what a checksum can't tell must be refused by what it
/// says. A log that opens must have all entries that it claims, and open again as it was.
enum LogRecoveryTarget {
    private static let configuration = LogConfiguration(
        directory: "log", identity: 7, segmentByteCount: 4096, bufferByteCountKept: 0)

    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        var input = FuzzInput(bytes)
        let content = input.byte() == 0 ? [UInt8](input.takeRest()) : segment(&input)
        let fileSystem = VirtualFileSystem()
        do {
            try fileSystem.createDirectory("log")
            try fileSystem.writeFileAtomically("log/" + LogFormat.segmentName(1), content)
        } catch {
            fatalError("a file can't be written: \(error)")
        }
        do throws(LogError) {
            try open(fileSystem)
            return .accepted
        } catch {
            return .refused
        }
    }

    private static func open(_ fileSystem: VirtualFileSystem) throws(LogError) {
        let groups: [UInt64: LogGroupState]
        do {
            let log = try ReplicatedLog.open(
                fileSystem: fileSystem, configuration: configuration)
            groups = log.recovery.groups
            read(log, groups)
            do throws(LogError) { try log.close() } catch {
                fatalError("a log can't be closed: \(error)")
            }
        }
        do throws(LogError) {
            let again = try ReplicatedLog.open(
                fileSystem: fileSystem, configuration: configuration)
            precondition(again.recovery.groups == groups, "a log changed by being opened")
            read(again, groups)
            try again.close()
        } catch {
            fatalError("a log that was open can't be opened again: \(error)")
        }
    }

    private static func read(_ log: ReplicatedLog, _ groups: [UInt64: LogGroupState]) {
        for (group, state) in groups where state.entryCount > 0 {
            do throws(LogError) {
                var expected = state.baseIndex + 1
                let last = try log.read(
                    group: group, from: expected, through: state.lastIndex, byteCountMax: .max
                ) { index, term, _, _ in
                    precondition(index == expected && state.term(at: index) == term)
                    expected += 1
                }
                precondition(last == state.lastIndex && expected == last + 1)
            } catch {
                fatalError("an entry that was recovered can't be read: \(error)")
            }
        }
    }

    // MARK: Well-formed bytes

    private static func segment(_ input: inout FuzzInput) -> [UInt8] {
        let flags = input.byte()
        var bytes = [UInt8](repeating: 0, count: LogFormat.segmentHeaderByteCount)
        let header = SegmentHeader(
            number: 1, identity: configuration.identity, firstSequence: 1, previousEnd: 0,
            chainSeed: 0, sealedByteCount: flags & 1 == 1 ? UInt64(input.number(UInt16.self)) : 0)
        bytes.withUnsafeMutableBytes { target in
            if let start = target.baseAddress { header.encode(to: start) }
        }
        let salt = LogFormat.salt(identity: configuration.identity, segment: 1)
        var chain: UInt32 = 0
        var sequence: UInt64 = 1
        while !input.isEmpty, bytes.count < 1 << 16 {
            appendBatch(&input, sequence: sequence, salt: salt, chain: &chain, to: &bytes)
            sequence += 1
        }
        if flags & 2 == 2 { bytes.removeLast(min(bytes.count, Int(flags >> 2))) }
        return bytes
    }

    private static func appendBatch(
        _ input: inout FuzzInput, sequence: UInt64, salt: UInt32, chain: inout UInt32,
        to bytes: inout [UInt8]
    ) {
        let start = bytes.count
        let previousChain = chain
        let recordCount = input.byte() % 16
        bytes.append(contentsOf: repeatElement(0, count: LogFormat.batchHeaderByteCount))
        for _ in 0..<recordCount { appendRecord(&input, chain: &chain, to: &bytes) }
        let header = BatchHeader(
            sequence: sequence, offset: UInt64(start),
            byteCount: UInt64(bytes.count - start - LogFormat.batchHeaderByteCount),
            recordCount: UInt32(recordCount), previousChain: previousChain, chain: chain)
        bytes.withUnsafeMutableBytes { target in
            if let base = target.baseAddress { header.encode(to: base + start, salt: salt) }
        }
    }

    private static func appendRecord(
        _ input: inout FuzzInput, chain: inout UInt32, to bytes: inout [UInt8]
    ) {
        let type = LogRecordType(rawValue: input.byte() % 7) ?? .entry
        let kind = input.byte()
        let group = UInt64(input.byte() % 3)
        let index = input.index()
        let term = input.index()
        let payload = input.take(Int(input.byte()))
        let record = LogRecord(
            type: type, kind: kind, group: group, index: index, term: term,
            payloadByteCount: payload.count)
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: record.byteCount))
        bytes.withUnsafeMutableBytes { target in
            if let base = target.baseAddress {
                record.encode(to: base + start, payload: payload, chain: &chain)
            }
        }
    }
}
