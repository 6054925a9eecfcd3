import MarbleEnvironment
import MarbleLog
import Testing

@Suite("A log after a crash or a failing disk")
struct LogCrashTests {
    private static let configuration = LogConfiguration(
        directory: "/data/log", identity: 7, segmentByteCount: 4096)

    /// Runs a script, and knows what is durable, and what would be if the last sync had worked.
    private struct Run {
        let fileSystem: VirtualFileSystem
        var log: ReplicatedLog?
        var synced = LogModel()
        var gathered = LogModel()
        /// Every call was taken; only then is `gathered` what a sync was given.
        var failure: LogError?
        /// Zeros are written ahead of the log, a slice after each step.
        let fills: Bool
        private var filler: SegmentFiller?

        init(on fileSystem: VirtualFileSystem, fills: Bool = false) {
            self.fileSystem = fileSystem
            self.fills = fills
        }

        mutating func play(_ script: LogScript) {
            do {
                try open()
                for step in script.steps { try play(step) }
            } catch let error as LogError {
                failure = error
            } catch {
                Issue.record("unexpected error \(error)")
            }
        }

        private mutating func open() throws {
            log = nil
            if fills {
                var limits = SegmentFiller.Limits()
                limits.aheadByteCount = 4096
                limits.sliceByteCount = 1024
                limits.marginByteCount = 0
                filler = SegmentFiller(fileSystem: fileSystem, limits: limits) {}
            }
            log = try ReplicatedLog.open(
                fileSystem: fileSystem, configuration: LogCrashTests.configuration,
                filler: filler)
        }

        private mutating func play(_ step: LogScript.Step) throws {
            guard let log else { return }
            defer { _ = filler?.fillSlice() }
            switch step {
            case .change(let change):
                try retryWithoutSpace(log) { try log.apply(change) }
                gathered.apply(change)
            case .sync:
                try retryWithoutSpace(log) { try log.sync() }
                synced = gathered
            case .reopen:
                try retryWithoutSpace(log) { try log.close() }
                synced = gathered
                try open()
            }
        }

        /// A full disk isn't the end: the same call works once there is space.
        private func retryWithoutSpace(_ log: ReplicatedLog, _ body: () throws -> Void) throws {
            do { try body() } catch let error as LogError where error.code == .noSpace {
                try log.reserveSpace()
                try body()
            }
        }
    }

    private func operationCount(_ script: LogScript, fills: Bool = false) -> Int {
        var run = Run(on: VirtualFileSystem(), fills: fills)
        run.play(script)
        #expect(run.failure == nil)
        // Else the script proves less than it should.
        #expect((run.log?.copiedEntryCount ?? 0) > 0)
        #expect((run.log?.segmentCount ?? .max) < 10)
        return run.fileSystem.operationCount
    }

    /// Opens the log of a run that ended, and checks that it holds what was synced, or that and
    /// all of what the interrupted sync had.
    private func check(
        _ run: Run, _ context: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do {
            let log = try ReplicatedLog.open(
                fileSystem: run.fileSystem, configuration: Self.configuration)
            let found = try LogModel(reading: log)
            #expect(
                found == run.synced || found == run.gathered, "\(context)",
                sourceLocation: sourceLocation)
            let next = (log.state(of: 9)?.lastIndex ?? 0) + 1
            try log.append(9, next, term: 1, [1, 2, 3])
            try log.sync()
            try log.close()
            let again = try ReplicatedLog.open(
                fileSystem: run.fileSystem, configuration: Self.configuration)
            var expected = found
            expected.apply(
                .append(group: 9, LogModel.Entry(term: 1, kind: 0, payload: [1, 2, 3])))
            #expect(
                try LogModel(reading: again) == expected, "\(context), written to and opened again",
                sourceLocation: sourceLocation)
            #expect(again.recovery.cutByteCount == 0, sourceLocation: sourceLocation)
        } catch {
            Issue.record("\(context): \(error)", sourceLocation: sourceLocation)
        }
    }

    @Test(
        "keeps what was synced and invents nothing, whichever disk operation it crashed at",
        arguments: [
            (VirtualCrash.losesUnsynced, 1, false), (.keepsUnsynced, 2, false),
            (.tearsUnsynced, 5, false), (.tearsUnsynced, 6, false), (.losesUnsynced, 7, true),
            (.tearsUnsynced, 8, true),
        ] as [(VirtualCrash, UInt64, Bool)])
    func crashEverywhere(_ crash: VirtualCrash, _ seed: UInt64, _ fills: Bool) {
        let script = LogScript(seed: seed, stepCount: 260)
        var random = SplitMix64(seed: seed)
        for operation in 0..<operationCount(script, fills: fills) {
            let fileSystem = VirtualFileSystem()
            fileSystem.setFault(.stop, atOperation: operation)
            var run = Run(on: fileSystem, fills: fills)
            run.play(script)
            run.log = nil
            #expect(fileSystem.isStopped)
            fileSystem.crash(crash, random: &random)
            // Half of them crash again while they recover.
            if random.chance(1, in: 2) {
                let second = fileSystem.operationCount + Int(random.next(below: 8))
                fileSystem.setFault(.stop, atOperation: second)
                _ = try? ReplicatedLog.open(
                    fileSystem: fileSystem, configuration: Self.configuration)
                fileSystem.crash(crash, random: &random)
                fileSystem.setFault(nil, atOperation: second)
            }
            check(run, "seed \(seed), operation \(operation), \(crash)")
        }
    }

    @Test("has made durable whatever it shows after its process was killed at any operation")
    func killEverywhere() throws {
        let script = LogScript(seed: 2, stepCount: 260)
        var random = SplitMix64(seed: 2)
        for operation in 0..<operationCount(script) {
            let fileSystem = VirtualFileSystem()
            fileSystem.setFault(.stop, atOperation: operation)
            var run = Run(on: fileSystem)
            run.play(script)
            fileSystem.kill()
            run.log = try ReplicatedLog.open(
                fileSystem: fileSystem, configuration: Self.configuration)
            let shown = try LogModel(reading: try #require(run.log))
            #expect(shown == run.synced || shown == run.gathered, "operation \(operation)")
            run.synced = shown
            run.gathered = shown
            fileSystem.crash(.losesUnsynced, random: &random)
            check(run, "operation \(operation), then the machine")
        }
    }

    @Test("is poisoned by a failed write or sync, and loses nothing that was synced before")
    func ioErrorEverywhere() throws {
        let script = LogScript(seed: 3, stepCount: 260)
        var poisonedCount = 0
        for operation in 0..<operationCount(script) {
            let fileSystem = VirtualFileSystem()
            fileSystem.setFault(.ioError, atOperation: operation)
            var run = Run(on: fileSystem)
            run.play(script)
            if let log = run.log, run.failure != nil {
                let failure = try #require(run.failure)
                #expect(failure.code == .ioFailure, "operation \(operation)")
                let later = #expect(throws: LogError.self) { try log.sync() }
                if later?.code == .poisoned { poisonedCount += 1 }
            }
            run.log = nil
            var random = SplitMix64(seed: UInt64(operation))
            fileSystem.crash(.tearsUnsynced, random: &random)
            check(run, "operation \(operation) failed")
        }
        #expect(poisonedCount > 50)
    }

    @Test("goes on after a full disk, whichever operation found it full")
    func noSpaceEverywhere() throws {
        let script = LogScript(seed: 4, stepCount: 260)
        for operation in 0..<operationCount(script) {
            let fileSystem = VirtualFileSystem()
            fileSystem.setFault(.noSpace, atOperation: operation)
            var run = Run(on: fileSystem)
            run.play(script)
            if let failure = run.failure {
                // Only a sync that failed for want of space is the end of a log.
                #expect(failure.code != .noSpace || run.log == nil, "operation \(operation)")
            } else {
                let log = try #require(run.log)
                #expect(try LogModel(reading: log) == run.synced, "operation \(operation)")
            }
            run.log = nil
            var random = SplitMix64(seed: UInt64(operation))
            fileSystem.crash(.losesUnsynced, random: &random)
            check(run, "operation \(operation) found no space")
        }
    }

    @Test("a torn tail is cut, and counted")
    func tornTail() throws {
        let fileSystem = VirtualFileSystem()
        let log = try ReplicatedLog.open(
            fileSystem: fileSystem,
            configuration: LogConfiguration(directory: "/log", segmentByteCount: 1 << 16))
        try log.append(1, 1, [UInt8](repeating: 1, count: 3000))
        try log.sync()
        try log.append(1, 2, [UInt8](repeating: 2, count: 3000))
        // The write gets through, its sync doesn't.
        fileSystem.setFault(.stop, atOperation: fileSystem.operationCount + 1)
        #expect(throws: LogError.self) { try log.sync() }
        var random = SplitMix64(seed: 0)
        let before = fileSystem.copy()
        var cutCounts: Set<Int> = []
        for _ in 0..<20 {
            let fileSystem = before.copy()
            fileSystem.crash(.tearsUnsynced, random: &random)
            let log = try ReplicatedLog.open(
                fileSystem: fileSystem,
                configuration: LogConfiguration(directory: "/log", segmentByteCount: 1 << 16))
            let last = try #require(log.state(of: 1)?.lastIndex)
            #expect(last == (log.recovery.cutByteCount > 0 ? 1 : last))
            if log.recovery.cutByteCount > 0 { cutCounts.insert(log.recovery.cutByteCount) }
            #expect(try log.payloads(1, 1...1) == [[UInt8](repeating: 1, count: 3000)])
        }
        #expect(cutCounts.count > 2)
    }
}
