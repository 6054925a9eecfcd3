import MarbleEnvironment
import MarbleLog
import Testing

/// The contract of the log, on real files and on virtual ones.
@Suite("A replicated log")
struct ReplicatedLogTests {
    private func open(
        _ fileSystem: any FileSystem, _ directory: String, segmentByteCount: Int = 1 << 16,
        maxRecordByteCount: Int = 1 << 20
    ) throws -> ReplicatedLog {
        try ReplicatedLog.open(
            fileSystem: fileSystem,
            configuration: LogConfiguration(
                directory: "\(directory)/log", identity: 1, segmentByteCount: segmentByteCount,
                maxRecordByteCount: maxRecordByteCount, bufferByteCountKept: 1 << 16))
    }

    private func code(_ body: () throws -> Void) -> LogError.Code? {
        do { try body() } catch { return (error as? LogError)?.code }
        return nil
    }

    @Test("begins empty", arguments: Disk.allCases)
    func empty(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let log = try open(fileSystem, directory)
            #expect(log.recovery.groups.isEmpty)
            #expect(log.state(of: 1) == nil)
            #expect(log.segmentCount == 1)
            #expect(code { _ = try log.payloads(1, 1...1) } == .notInLog)
        }
    }

    @Test("has after a restart what was synced: entries, terms and votes", arguments: Disk.allCases)
    func restart(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let log = try open(fileSystem, directory)
            try log.append(1, 1, term: 1, kind: 5, [1, 2, 3])
            try log.append(1, 2, term: 2, [])
            try log.append(2, 1, term: 9, [7])
            try log.setHardState(group: 1, term: 4, votedFor: 3)
            try log.setHardState(group: 3, term: 6, votedFor: nil)
            try log.sync()
            #expect(log.syncCount == 2)
            try log.close()
            let again = try open(fileSystem, directory)
            let state = try #require(again.recovery.groups[1])
            #expect(state.term == 4)
            #expect(state.votedFor == 3)
            #expect(state.lastIndex == 2)
            #expect(
                state.termRuns == [
                    LogTermRun(firstIndex: 1, term: 1), LogTermRun(firstIndex: 2, term: 2),
                ])
            #expect(again.recovery.groups[3]?.term == 6)
            #expect(again.recovery.groups[3]?.votedFor == nil)
            #expect(again.recovery.entryCount == 3)
            var kinds: [UInt8] = []
            try again.read(group: 1, from: 1, through: 2, byteCountMax: 100) { _, _, kind, _ in
                kinds.append(kind)
            }
            #expect(kinds == [5, 0])
            #expect(try again.payloads(1, 1...2) == [[1, 2, 3], []])
            #expect(try again.payloads(2, 1...1) == [[7]])
        }
    }

    @Test("behaves as its model through a random script and restarts", arguments: Disk.allCases)
    func model(_ disk: Disk) throws {
        var copiedEntryCount: UInt64 = 0
        for seed in 1...(disk == .real ? 2 : 20) as ClosedRange<UInt64> {
            try disk.run { fileSystem, directory in
                var log = try open(fileSystem, directory, segmentByteCount: 4096)
                var model = LogModel()
                for step in LogScript(seed: seed, stepCount: 1000).steps {
                    switch step {
                    case .change(let change):
                        try log.apply(change)
                        model.apply(change)
                    case .sync: try log.sync()
                    case .reopen:
                        try log.close()
                        log = try open(fileSystem, directory, segmentByteCount: 4096)
                    }
                    if step == .reopen || step == .sync {
                        #expect(try LogModel(reading: log) == model)
                    }
                }
                copiedEntryCount += log.copiedEntryCount
            }
        }
        #expect(copiedEntryCount > 0)
    }

    @Test("reads what isn't synced yet", arguments: Disk.allCases)
    func readPending(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let log = try open(fileSystem, directory)
            try log.append(1, 1, [1])
            try log.sync()
            try log.append(1, 2, [2])
            #expect(try log.payloads(1, 1...2) == [[1], [2]])
            try log.truncateSuffix(group: 1, from: 2)
            try log.append(1, 2, [3])
            #expect(try log.payloads(1, 1...2) == [[1], [3]])
        }
    }

    @Test("reads at least one entry, and stops at the limit", arguments: Disk.allCases)
    func readLimit(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let log = try open(fileSystem, directory)
            for index in 1...9 as ClosedRange<UInt64> {
                try log.append(1, index, [UInt8](repeating: UInt8(index), count: 100))
                try log.append(2, index, [UInt8](repeating: 99, count: 50))
            }
            for isSynced in [false, true] {
                if isSynced { try log.sync() }
                #expect(try log.payloads(1, 2...9, byteCountMax: 0).map(\.count) == [100])
                #expect(try log.payloads(1, 2...9, byteCountMax: 299).count == 2)
                #expect(try log.payloads(1, 2...9, byteCountMax: 300).map { $0[0] } == [2, 3, 4])
                #expect(try log.payloads(1, 2...9).map { $0[0] } == Array(2...9))
            }
        }
    }

    @Test("removes a suffix, and takes other entries in its place", arguments: Disk.allCases)
    func truncation(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            var log = try open(fileSystem, directory)
            for index in 1...5 as ClosedRange<UInt64> { try log.append(1, index, term: 1, [1]) }
            try log.sync()
            try log.truncateSuffix(group: 1, from: 3)
            try log.truncateSuffix(group: 1, from: 3)
            #expect(code { try log.append(1, 4, term: 2, [4]) } == .misuse)
            try log.append(1, 3, term: 2, [2])
            try log.sync()
            try log.close()
            log = try open(fileSystem, directory)
            #expect(log.state(of: 1)?.lastIndex == 3)
            #expect(log.term(group: 1, at: 2) == 1)
            #expect(log.term(group: 1, at: 3) == 2)
            #expect(log.term(group: 1, at: 4) == nil)
            #expect(try log.payloads(1, 1...3) == [[1], [1], [2]])
        }
    }

    @Test("removes segments that nobody needs, and never leaves a gap", arguments: Disk.allCases)
    func compaction(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            var log = try open(fileSystem, directory, segmentByteCount: 4096)
            try log.setHardState(group: 2, term: 5, votedFor: 1)
            for index in 1...100 as ClosedRange<UInt64> {
                try log.append(1, index, [UInt8](repeating: UInt8(index), count: 500))
                try log.sync()
            }
            #expect(log.segmentCount > 10)
            try log.compactPrefix(group: 1, throughIndex: 95, term: 1)
            let before = log.segmentCount
            try log.sync()
            #expect(log.segmentCount < before - 10)
            #expect(log.segmentCount <= 3)
            #expect(code { _ = try log.payloads(1, 95...96) } == .notInLog)
            #expect(code { try log.truncateSuffix(group: 1, from: 95) } == .misuse)
            try log.close()
            log = try open(fileSystem, directory, segmentByteCount: 4096)
            let state = try #require(log.state(of: 1))
            #expect(state.baseIndex == 95)
            #expect(state.baseTerm == 1)
            #expect(state.termRuns == [LogTermRun(firstIndex: 96, term: 1)])
            #expect(log.state(of: 2)?.votedFor == 1)
            #expect(try log.payloads(1, 96...100).map { $0[0] } == [96, 97, 98, 99, 100])
        }
    }

    @Test(
        "starts again after a snapshot beyond its end, or of another term", arguments: Disk.allCases
    )
    func snapshot(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            var log = try open(fileSystem, directory)
            for index in 1...5 as ClosedRange<UInt64> {
                try log.append(1, index, term: 1, [1])
                try log.append(2, index, term: 1, [1])
            }
            try log.compactPrefix(group: 1, throughIndex: 50, term: 3)
            try log.compactPrefix(group: 2, throughIndex: 4, term: 2)
            try log.compactPrefix(group: 2, throughIndex: 3, term: 1)
            #expect(code { try log.append(1, 6, term: 3, [6]) } == .misuse)
            #expect(code { try log.append(1, 51, term: 2, [6]) } == .misuse)
            try log.append(1, 51, term: 3, [51])
            try log.sync()
            try log.close()
            log = try open(fileSystem, directory)
            #expect(log.state(of: 1)?.baseIndex == 50)
            #expect(log.state(of: 1)?.lastIndex == 51)
            #expect(log.state(of: 2)?.lastIndex == 4)
            #expect(log.state(of: 2)?.baseTerm == 2)
            #expect(try log.payloads(1, 51...51) == [[51]])
        }
    }

    @Test(
        "stays small though an idle group has entries in an old segment", arguments: Disk.allCases)
    func idleGroup(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            var log = try open(fileSystem, directory, segmentByteCount: 8192)
            for index in 1...8 as ClosedRange<UInt64> {
                try log.append(7, index, [UInt8](repeating: UInt8(index), count: 300))
            }
            try log.sync()
            var segmentCountMax = 0
            for index in 1...1000 as ClosedRange<UInt64> {
                try log.append(1, index, [UInt8](repeating: 0, count: 500))
                if index > 4 {
                    try log.compactPrefix(group: 1, throughIndex: index - 4, term: 1)
                }
                try log.sync()
                segmentCountMax = max(segmentCountMax, log.segmentCount)
            }
            #expect(segmentCountMax <= 6)
            #expect(log.copiedEntryCount < 2000)
            #expect(log.copiedEntryCount >= 8)
            try log.close()
            log = try open(fileSystem, directory, segmentByteCount: 8192)
            #expect(try log.payloads(7, 1...8).map { $0[0] } == Array(1...8))
        }
    }

    @Test(
        "takes a batch larger than a segment, and gives its memory back", arguments: Disk.allCases)
    func largeBatch(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            var log = try open(fileSystem, directory)
            let large = [UInt8](repeating: 42, count: 1 << 20)
            try log.append(1, 1, large)
            try log.append(1, 2, large)
            #expect(log.pendingByteCount > 2 << 20)
            try log.sync()
            #expect(log.pendingByteCount == 0)
            try log.append(1, 3, [3])
            try log.sync()
            #expect(try log.payloads(1, 1...3) == [large, large, [3]])
            try log.close()
            log = try open(fileSystem, directory)
            #expect(try log.payloads(1, 1...3) == [large, large, [3]])
        }
    }

    @Test("refuses what breaks the contract, and stays as it was", arguments: Disk.allCases)
    func misuse(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let log = try open(fileSystem, directory, maxRecordByteCount: 10)
            try log.append(1, 1, term: 5, [1])
            #expect(code { try log.append(1, 1, term: 5, [1]) } == .misuse)
            #expect(code { try log.append(1, 3, term: 5, [1]) } == .misuse)
            #expect(code { try log.append(1, 0, term: 5, [1]) } == .misuse)
            #expect(code { try log.append(1, .max, term: 5, [1]) } == .misuse)
            #expect(code { try log.append(1, 2, term: 4, [1]) } == .misuse)
            #expect(
                code { try log.append(1, 2, term: 5, [UInt8](repeating: 0, count: 11)) }
                    == .entryTooLarge)
            try log.setHardState(group: 1, term: 6, votedFor: 1)
            #expect(code { try log.setHardState(group: 1, term: 5, votedFor: 1) } == .misuse)
            #expect(code { try log.truncateSuffix(group: 1, from: 0) } == .misuse)
            #expect(
                code { try log.compactPrefix(group: 1, throughIndex: .max, term: 9) } == .misuse)
            try log.append(1, 2, term: 5, [2])
            try log.sync()
            #expect(try log.payloads(1, 1...2) == [[1], [2]])
            #expect(code { _ = try log.payloads(1, 0...1) } == .notInLog)
            #expect(code { _ = try log.payloads(1, 2...3) } == .notInLog)
        }
    }

    @Test("has one owner", arguments: Disk.allCases)
    func lock(_ disk: Disk) throws {
        try disk.run { fileSystem, directory in
            let log = try open(fileSystem, directory)
            #expect(code { _ = try open(fileSystem, directory) } == .locked)
            try log.close()
            #expect(code { try log.sync() } == .closed)
            try log.close()
            _ = try open(fileSystem, directory)
        }
    }

    @Test("on a full disk refuses entries, and still keeps votes")
    func fullDisk() throws {
        let fileSystem = VirtualFileSystem()
        try fileSystem.createDirectory("/data")
        var log = try open(fileSystem, "/data", segmentByteCount: 8192)
        // Room for the segment that is there, its spare, and one byte less than another.
        fileSystem.setCapacity(byteCount: 3 * 8192 - 1)
        var index: UInt64 = 0
        var failure: LogError?
        while failure == nil, index < 1000 {
            do throws(LogError) {
                try log.append(1, index + 1, [UInt8](repeating: 0, count: 300))
                try log.sync()
                index += 1
            } catch {
                failure = error
            }
        }
        #expect(failure?.code == .noSpace)
        #expect(failure?.message.contains("free space") == true)
        #expect(log.isSpaceLow)
        #expect(index > 30)
        for term in 1...20 as ClosedRange<UInt64> {
            try log.setHardState(group: 1, term: term, votedFor: term % 3)
            try log.sync()
        }
        #expect(code { try log.reserveSpace() } == .noSpace)
        // A snapshot frees the first segment, and with it the space for the next.
        try log.compactPrefix(group: 1, throughIndex: index - 2, term: 1)
        try log.sync()
        #expect(!log.isSpaceLow)
        try log.append(1, index + 1, [1])
        try log.sync()
        try log.close()
        log = try open(fileSystem, "/data", segmentByteCount: 8192)
        #expect(log.state(of: 1)?.term == 20)
        #expect(log.state(of: 1)?.lastIndex == index + 1)
    }

    @Test("writes and syncs once for all that has gathered")
    func groupCommit() throws {
        let fileSystem = VirtualFileSystem()
        try fileSystem.createDirectory("/data")
        let log = try open(fileSystem, "/data")
        let before = fileSystem.operationCount
        for index in 1...50 as ClosedRange<UInt64> {
            for group in 1...3 as ClosedRange<UInt64> { try log.append(group, index, [1]) }
        }
        try log.setHardState(group: 1, term: 2, votedFor: 1)
        #expect(fileSystem.operationCount == before)
        try log.sync()
        #expect(fileSystem.operationCount == before + 2)
        try log.sync()
        #expect(fileSystem.operationCount == before + 2)
    }
}
