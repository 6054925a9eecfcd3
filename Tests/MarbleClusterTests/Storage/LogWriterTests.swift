import MarbleEnvironment
import MarbleRaft
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MarbleCluster

@Suite("LogWriter")
struct LogWriterTests {
    enum Event: Equatable, Sendable {
        /// With what was durable when it was said.
        case persisted(UInt64, syncedIndex: RaftIndex)
        case read([RaftEntry])
        case space(isLow: Bool)
        case failed(RaftError.Code)
    }

    private final class Client: LogWriterClient {
        private let log: FaultyLog
        private let recorded = NIOLockedValueBox<[Event]>([])

        init(_ log: FaultyLog) { self.log = log }

        var events: [Event] { recorded.withLockedValue { $0 } }

        private func record(_ event: Event) { recorded.withLockedValue { $0.append(event) } }

        func logPersisted(sequence: UInt64) {
            record(.persisted(sequence, syncedIndex: log.syncedIndex))
        }

        func logRead(_ read: RaftLogRead, _ result: Result<[RaftEntry], RaftError>) {
            switch result {
            case .success(let entries): record(.read(entries))
            case .failure(let error): record(.failed(error.code))
            }
        }

        func logSpaceChanged(isLow: Bool) { record(.space(isLow: isLow)) }

        func logFailed(_ error: RaftError) { record(.failed(error.code)) }
    }

    private func write(_ sequence: UInt64, _ entries: [RaftEntry]) -> RaftLogWrite {
        RaftLogWrite(
            sequence: sequence, truncateFrom: nil, entries: entries, hardState: nil,
            compactThrough: nil)
    }

    private func stored(_ log: FaultyLog) throws -> [RaftEntry] {
        let last = try log.recovery(group: 1).lastIndex
        guard last > 0 else { return [] }
        return try log.entries(group: 1, from: 1, through: last, byteCountMax: .max)
    }

    @Test func `a write is acknowledged once it is durable`() async throws {
        let log = FaultyLog()
        let client = Client(log)
        let writer = LogWriter(store: log)
        log.holdSync()
        writer.submit(.write(1, write(1, entries(1...3, term: 1)), client))
        _ = try await eventually("the sync begins") { log.isSyncWaiting ? true : nil }
        #expect(client.events == [])
        log.releaseSync()
        _ = try await eventually("the acknowledgement") { client.events.first }
        #expect(client.events == [.persisted(1, syncedIndex: 3)])
        writer.stopAndJoin()
        #expect(log.closeCount == 1)
    }

    @Test func `a write is carried out in the order that a crash may cut short`() throws {
        let log = FaultyLog()
        let client = Client(log)
        let writer = LogWriter(store: log)
        writer.submit(.write(1, write(1, entries(1...5, term: 1)), client))
        var second = write(2, entries(4...5, term: 2))
        second.hardState = RaftHardState(term: 2, votedFor: 3)
        second.truncateFrom = 4
        second.compactThrough = RaftTermRun(firstIndex: 2, term: 1)
        writer.submit(.write(1, second, client))
        writer.submit(
            .read(
                1, RaftLogRead(purpose: .apply, first: 3, last: 5, byteCountMax: .max), client))
        writer.stopAndJoin()
        #expect(client.events.contains(.read([entry(3, term: 1)] + entries(4...5, term: 2))))
        let recovery = try log.recovery(group: 1)
        #expect(recovery.baseIndex == 2)
        #expect(recovery.term == 2)
        #expect(recovery.votedFor == 3)
    }

    @Test func `writes wait for space and keep their order`() async throws {
        let log = FaultyLog()
        let client = Client(log)
        let writer = LogWriter(store: log)
        log.failAppends([(2, .noSpace), (0, .noSpace), (1, .noSpace)])
        var first = write(1, entries(1...5, term: 1))
        first.hardState = RaftHardState(term: 1, votedFor: 2)
        writer.submit(.write(1, first, client))
        writer.submit(.write(1, write(2, [entry(6, term: 1)]), client))
        writer.submit(.write(1, write(3, [entry(7, term: 1)]), client))
        _ = try await eventually("there is space again") {
            client.events.contains(.space(isLow: false)) ? true : nil
        }
        writer.stopAndJoin()
        #expect(client.events.first == .space(isLow: true))
        #expect(client.events.last == .space(isLow: false))
        #expect(client.events.contains(.persisted(3, syncedIndex: 7)))
        #expect(client.events.count { if case .space = $0 { true } else { false } } == 2)
        for case .persisted(let sequence, let syncedIndex) in client.events {
            #expect(syncedIndex >= sequence + 4)
        }
        #expect(try stored(log) == entries(1...7, term: 1))
        #expect(try log.recovery(group: 1).votedFor == 2)
    }

    @Test func `a write that waits for space isn't cut off twice`() async throws {
        let log = FaultyLog()
        let client = Client(log)
        let writer = LogWriter(store: log)
        writer.submit(.write(1, write(1, entries(1...4, term: 1)), client))
        _ = try await eventually("the first write") { client.events.first }
        log.failAppends([(1, .noSpace), (1, .noSpace)])
        var second = write(2, entries(3...6, term: 2))
        second.truncateFrom = 3
        writer.submit(.write(1, second, client))
        _ = try await eventually("there is space again") {
            client.events.contains(.space(isLow: false)) ? true : nil
        }
        writer.stopAndJoin()
        #expect(try stored(log) == entries(1...2, term: 1) + entries(3...6, term: 2))
        #expect(client.events.contains(.persisted(2, syncedIndex: 6)))
    }

    @Test func `a sync without space is tried again before anything is acknowledged`() async throws
    {
        let log = FaultyLog()
        let client = Client(log)
        let writer = LogWriter(store: log)
        log.setFull(true)
        writer.submit(.write(1, write(1, entries(1...2, term: 1)), client))
        _ = try await eventually("space is low") { client.events.first }
        writer.submit(.write(1, write(2, [entry(3, term: 1)]), client))
        log.setFull(false)
        _ = try await eventually("there is space again") {
            client.events.contains(.space(isLow: false)) ? true : nil
        }
        writer.stopAndJoin()
        #expect(
            client.events == [
                .space(isLow: true), .persisted(2, syncedIndex: 3), .space(isLow: false),
            ])
    }

    @Test func `a log whose sync fails acknowledges nothing any more and says so once`()
        async throws
    {
        let log = FaultyLog()
        let client = Client(log)
        let other = Client(log)
        let writer = LogWriter(store: log)
        writer.submit(.write(1, write(1, [entry(1, term: 1)]), client))
        writer.submit(.write(2, write(1, [entry(1, term: 1)]), other))
        _ = try await eventually("both are durable") {
            client.events.isEmpty || other.events.isEmpty ? nil : true
        }
        log.failSyncs([.storage])
        writer.submit(.write(1, write(2, [entry(2, term: 1)]), client))
        _ = try await eventually("the failure") { other.events.count > 1 ? true : nil }
        writer.submit(.write(1, write(3, [entry(3, term: 1)]), client))
        writer.submit(.write(2, write(2, [entry(2, term: 1)]), other))
        writer.stopAndJoin()
        #expect(client.events.dropFirst() == [.failed(.storage)])
        #expect(other.events.dropFirst() == [.failed(.storage)])
    }

    @Test func `a log whose append fails acknowledges nothing of the write`() throws {
        let log = FaultyLog()
        let client = Client(log)
        let writer = LogWriter(store: log)
        log.failAppends([(1, .storage)])
        writer.submit(.write(1, write(1, entries(1...2, term: 1)), client))
        writer.stopAndJoin()
        #expect(client.events == [.failed(.storage)])
    }

    /// A clock that a test moves.
    private final class Clock: MonotonicClock {
        private let now = NIOLockedValueBox<UInt64>(0)
        func advance(_ nanoseconds: UInt64) { now.withLockedValue { $0 += nanoseconds } }
        func nowNanoseconds() -> UInt64 { now.withLockedValue { $0 } }
    }

    /// A writer whose disk has shown that it is fast: its syncs take no time on this clock.
    private func fastWriter(_ log: FaultyLog, _ client: Client, _ clock: Clock) async throws
        -> LogWriter
    {
        let writer = LogWriter(store: log, clock: clock)
        for sequence in 1...30 as ClosedRange<UInt64> {
            writer.submit(.write(1, write(sequence, [entry(sequence, term: 1)]), client))
            _ = try await eventually("the acknowledgement") {
                client.events.last == .persisted(sequence, syncedIndex: sequence) ? true : nil
            }
        }
        _ = try await eventually("the thread sleeps") {
            writer.isPrompt(write(31, [entry(31, term: 1)])) ? true : nil
        }
        return writer
    }

    @Test func `a small write on a fast disk is durable and acknowledged before the call ends`()
        async throws
    {
        let log = FaultyLog()
        let client = Client(log)
        let writer = try await fastWriter(log, client, Clock())
        writer.writePromptly(1, write(31, [entry(31, term: 1)]), client)
        #expect(client.events.last == .persisted(31, syncedIndex: 31))
        writer.stopAndJoin()
    }

    @Test func `only small writes that somebody waits for are prompt`() async throws {
        let log = FaultyLog()
        let client = Client(log)
        let writer = try await fastWriter(log, client, Clock())
        #expect(!writer.isPrompt(write(0, [entry(31, term: 1)])))
        #expect(writer.isPrompt(write(31, entries(31...34, term: 1))))
        #expect(!writer.isPrompt(write(31, entries(31...35, term: 1))))
        var large = entry(31, term: 1)
        large.payload = ByteBuffer(repeating: 0, count: 16 << 10)
        #expect(writer.isPrompt(write(31, [large])))
        #expect(!writer.isPrompt(write(31, [large, entry(32, term: 1)])))
        var truncating = write(31, [entry(30, term: 2)])
        truncating.truncateFrom = 30
        #expect(!writer.isPrompt(truncating))
        var compacting = write(31, [])
        compacting.compactThrough = RaftTermRun(firstIndex: 2, term: 1)
        #expect(!writer.isPrompt(compacting))
        writer.stopAndJoin()
        #expect(!writer.isPrompt(write(31, [entry(31, term: 1)])))
    }

    @Test func `a disk that was slow is left to the log's thread`() async throws {
        let log = FaultyLog()
        let client = Client(log)
        let clock = Clock()
        let writer = try await fastWriter(log, client, clock)
        log.holdSync()
        writer.submit(.write(1, write(31, [entry(31, term: 1)]), client))
        _ = try await eventually("the sync begins") { log.isSyncWaiting ? true : nil }
        clock.advance(3_000_000)
        log.releaseSync()
        _ = try await eventually("the acknowledgement") {
            client.events.last == .persisted(31, syncedIndex: 31) ? true : nil
        }
        #expect(!writer.isPrompt(write(32, [entry(32, term: 1)])))
        clock.advance(200_000_000)
        _ = try await eventually("the disk is tried again") {
            writer.isPrompt(write(32, [entry(32, term: 1)])) ? true : nil
        }
        writer.stopAndJoin()
    }

    @Test func `a prompt write whose sync wouldn't be short goes to the log's thread`()
        async throws
    {
        let log = FaultyLog()
        let client = Client(log)
        let writer = try await fastWriter(log, client, Clock())
        log.setSyncShort(false)
        log.holdSync()
        // Were the sync here, it would wait for ever.
        writer.writePromptly(1, write(31, [entry(31, term: 1)]), client)
        log.releaseSync()
        _ = try await eventually("the acknowledgement") {
            client.events.last == .persisted(31, syncedIndex: 31) ? true : nil
        }
        writer.stopAndJoin()
    }
}
