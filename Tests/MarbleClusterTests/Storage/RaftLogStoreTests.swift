import Foundation
import MarbleCluster
import MarbleEnvironment
import MarbleRaft
import NIOCore
import Testing

/// What every log store must do; the durable one must also do it across a restart.
@Suite("RaftLogStore")
struct RaftLogStoreTests {
    enum Kind: String, CaseIterable, Sendable {
        case memory, durable
    }

    /// A store, and how it comes back after the process has ended.
    private struct Subject {
        var kind: Kind
        var directory: String
        var store: any RaftLogStore

        init(_ kind: Kind, _ directory: String) throws {
            self.kind = kind
            self.directory = directory
            store = try Self.open(kind, directory)
        }

        static func open(_ kind: Kind, _ directory: String) throws -> any RaftLogStore {
            switch kind {
            case .memory: MemoryRaftLog()
            case .durable:
                try DurableRaftLog(
                    fileSystem: PosixFileSystem(), directory: directory,
                    segmentByteCount: 1 << 20)
            }
        }

        /// Closes and opens again, where the kind outlives its process.
        mutating func reopen() throws {
            guard kind == .durable else { return try store.sync() }
            try store.close()
            store = try Self.open(kind, directory)
        }

        func all(_ group: RaftGroupID = 1) throws -> [RaftEntry] {
            let log = try store.recovery(group: group)
            guard log.lastIndex > log.baseIndex else { return [] }
            return try store.entries(
                group: group, from: log.baseIndex + 1, through: log.lastIndex, byteCountMax: .max)
        }
    }

    private func with(_ kind: Kind, _ body: (inout Subject) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            var subject = try Subject(kind, directory)
            try body(&subject)
            try subject.store.close()
        }
    }

    @Test(arguments: Kind.allCases)
    func `a group that was never seen has an empty log`(_ kind: Kind) throws {
        try with(kind) { subject in
            let log = try subject.store.recovery(group: 7)
            #expect(log == RaftLogRecovery())
        }
    }

    @Test(arguments: Kind.allCases)
    func `entries come back as they were appended`(_ kind: Kind) throws {
        try with(kind) { subject in
            let noop = RaftEntry(index: 1, term: 1, kind: .noop, payload: ByteBuffer())
            let written =
                [noop] + entries(2...3, term: 1) + entries(4...6, term: 4)
                + [entry(7, term: 4, String(repeating: "x", count: 100_000))]
            try subject.store.append(group: 1, Array(written[..<2]))
            try subject.store.append(group: 1, Array(written[2...]))
            #expect(try subject.all() == written)
            try subject.reopen()
            #expect(try subject.all() == written)
            let middle = try subject.store.entries(
                group: 1, from: 3, through: 5, byteCountMax: .max)
            #expect(middle == Array(written[2..<5]))
            let log = try subject.store.recovery(group: 1)
            #expect(log.baseIndex == 0)
            #expect(log.lastIndex == 7)
            #expect(
                log.termRuns == [
                    RaftTermRun(firstIndex: 1, term: 1), RaftTermRun(firstIndex: 4, term: 4),
                ])
            #expect((0...8).map { log.term(at: $0) } == [0, 1, 1, 1, 4, 4, 4, 4, nil])
        }
    }

    @Test(arguments: Kind.allCases)
    func `a read stops at its byte limit but gives one entry`(_ kind: Kind) throws {
        try with(kind) { subject in
            let text = String(repeating: "p", count: 10)
            try subject.store.append(group: 1, (1...5).map { entry($0, term: 1, text) })
            try subject.store.sync()
            for (limit, count) in [(0, 1), (9, 1), (10, 1), (19, 1), (20, 2), (49, 4), (50, 5)] {
                let read = try subject.store.entries(
                    group: 1, from: 1, through: 5, byteCountMax: limit)
                #expect(read.map(\.index) == (1...RaftIndex(count)).map { $0 }, "\(limit)")
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `a read outside of the log is refused`(_ kind: Kind) throws {
        try with(kind) { subject in
            try subject.store.append(group: 1, entries(1...10, term: 1))
            try subject.store.compactPrefix(group: 1, through: 4, term: 1)
            let outside: [(RaftIndex, RaftIndex)] = [(0, 5), (4, 5), (5, 11), (11, 11), (7, 6)]
            for (first, last) in outside {
                let error = #expect(throws: RaftError.self, "\(first) to \(last)") {
                    _ = try subject.store.entries(
                        group: 1, from: first, through: last, byteCountMax: .max)
                }
                #expect(error?.code == .storage)
            }
            #expect(throws: RaftError.self) {
                _ = try subject.store.entries(group: 2, from: 1, through: 1, byteCountMax: .max)
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `an append that leaves a gap or repeats an entry is refused`(_ kind: Kind) throws {
        try with(kind) { subject in
            try subject.store.append(group: 1, entries(1...3, term: 1))
            for index: RaftIndex in [0, 1, 3, 5, .max] {
                let error = #expect(throws: RaftError.self) {
                    try subject.store.append(group: 1, [entry(index, term: 1)])
                }
                #expect(error?.code == .storage)
                #expect(error?.message.contains("\(index)") == true)
            }
            #expect(try subject.all() == entries(1...3, term: 1))
            try subject.store.append(group: 1, [entry(4, term: 1)])
            #expect(try subject.all().count == 4)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a truncated suffix is gone and makes room for others`(_ kind: Kind) throws {
        try with(kind) { subject in
            try subject.store.append(group: 1, entries(1...8, term: 1))
            try subject.store.truncateSuffix(group: 1, from: 6)
            #expect(try subject.all() == entries(1...5, term: 1))
            try subject.store.append(group: 1, entries(6...7, term: 3))
            try subject.reopen()
            #expect(try subject.all() == entries(1...5, term: 1) + entries(6...7, term: 3))
            #expect(try subject.store.recovery(group: 1).term(at: 6) == 3)
            try subject.store.truncateSuffix(group: 1, from: 1)
            try subject.reopen()
            #expect(try subject.all() == [])
            #expect(try subject.store.recovery(group: 1).lastIndex == 0)
        }
    }

    @Test(arguments: Kind.allCases)
    func `a truncation beyond the end changes nothing`(_ kind: Kind) throws {
        try with(kind) { subject in
            try subject.store.truncateSuffix(group: 1, from: 1)
            try subject.store.append(group: 1, entries(1...3, term: 1))
            for index: RaftIndex in [4, 5, .max] {
                try subject.store.truncateSuffix(group: 1, from: index)
            }
            #expect(try subject.all() == entries(1...3, term: 1))
        }
    }

    @Test(arguments: Kind.allCases)
    func `a compacted prefix is forgotten and the rest stays`(_ kind: Kind) throws {
        try with(kind) { subject in
            try subject.store.append(group: 1, entries(1...4, term: 1) + entries(5...9, term: 2))
            try subject.store.compactPrefix(group: 1, through: 3, term: 1)
            try subject.reopen()
            #expect(try subject.all() == [entry(4, term: 1)] + entries(5...9, term: 2))
            var log = try subject.store.recovery(group: 1)
            #expect(log.baseIndex == 3 && log.baseTerm == 1 && log.lastIndex == 9)
            #expect(
                log.termRuns == [
                    RaftTermRun(firstIndex: 4, term: 1), RaftTermRun(firstIndex: 5, term: 2),
                ])
            try subject.store.compactPrefix(group: 1, through: 6, term: 2)
            try subject.store.compactPrefix(group: 1, through: 2, term: 1)
            try subject.reopen()
            #expect(try subject.all() == entries(7...9, term: 2))
            log = try subject.store.recovery(group: 1)
            #expect(log.baseIndex == 6 && log.baseTerm == 2)
            #expect(log.termRuns == [RaftTermRun(firstIndex: 7, term: 2)])
        }
    }

    @Test(arguments: Kind.allCases)
    func `a log compacted through its end is empty and goes on after it`(_ kind: Kind) throws {
        try with(kind) { subject in
            try subject.store.append(group: 1, entries(1...5, term: 2))
            try subject.store.compactPrefix(group: 1, through: 5, term: 2)
            try subject.reopen()
            #expect(
                try subject.store.recovery(group: 1)
                    == RaftLogRecovery(baseIndex: 5, baseTerm: 2, lastIndex: 5))
            try subject.store.append(group: 1, [entry(6, term: 2)])
            #expect(try subject.all() == [entry(6, term: 2)])
        }
    }

    @Test(arguments: Kind.allCases)
    func `a log compacted beyond its end starts again after that`(_ kind: Kind) throws {
        try with(kind) { subject in
            try subject.store.append(group: 1, entries(1...5, term: 2))
            try subject.store.compactPrefix(group: 1, through: 40, term: 7)
            try subject.reopen()
            #expect(
                try subject.store.recovery(group: 1)
                    == RaftLogRecovery(baseIndex: 40, baseTerm: 7, lastIndex: 40))
            #expect(throws: RaftError.self) {
                try subject.store.append(group: 1, [entry(6, term: 7)])
            }
            try subject.store.append(group: 1, [entry(41, term: 7)])
            #expect(try subject.all() == [entry(41, term: 7)])
        }
    }

    @Test(arguments: Kind.allCases)
    func `a log with another term where it is compacted starts again`(_ kind: Kind) throws {
        try with(kind) { subject in
            try subject.store.append(group: 1, entries(1...9, term: 1))
            try subject.store.compactPrefix(group: 1, through: 5, term: 3)
            try subject.reopen()
            #expect(
                try subject.store.recovery(group: 1)
                    == RaftLogRecovery(baseIndex: 5, baseTerm: 3, lastIndex: 5))
            try subject.store.append(group: 1, [entry(6, term: 3)])
            #expect(try subject.all() == [entry(6, term: 3)])
        }
    }

    @Test(arguments: Kind.allCases)
    func `term and vote are kept`(_ kind: Kind) throws {
        try with(kind) { subject in
            for state in [
                RaftHardState(term: 1, votedFor: 3), RaftHardState(term: 2, votedFor: nil),
                RaftHardState(term: 2, votedFor: 1), RaftHardState(term: 1 << 40, votedFor: nil),
            ] {
                try subject.store.setHardState(group: 1, state)
                try subject.reopen()
                let log = try subject.store.recovery(group: 1)
                #expect(log.term == state.term)
                #expect(log.votedFor == state.votedFor)
            }
            #expect(try subject.store.recovery(group: 1).lastIndex == 0)
        }
    }

    @Test(arguments: Kind.allCases)
    func `groups don't touch each other`(_ kind: Kind) throws {
        try with(kind) { subject in
            try subject.store.append(group: 1, entries(1...5, term: 1))
            try subject.store.append(group: .max, entries(1...2, term: 9))
            try subject.store.append(group: 1, [entry(6, term: 1)])
            try subject.store.setHardState(group: 2, RaftHardState(term: 4, votedFor: 2))
            try subject.store.truncateSuffix(group: .max, from: 2)
            try subject.store.compactPrefix(group: 1, through: 2, term: 1)
            try subject.reopen()
            #expect(try subject.all(1) == entries(3...6, term: 1))
            #expect(try subject.all(.max) == [entry(1, term: 9)])
            #expect(
                try subject.store.recovery(group: 2) == RaftLogRecovery(term: 4, votedFor: 2))
            #expect(try subject.store.recovery(group: 1).term == 0)
        }
    }

    @Test func `a durable log keeps what was synced when it isn't closed`() throws {
        try withTemporaryDirectory { directory in
            var log: DurableRaftLog? = try DurableRaftLog(
                fileSystem: PosixFileSystem(), directory: directory, segmentByteCount: 1 << 20)
            try log?.append(group: 1, entries(1...50, term: 1))
            try log?.sync()
            log = nil
            let again = try DurableRaftLog(
                fileSystem: PosixFileSystem(), directory: directory, segmentByteCount: 1 << 20)
            #expect(
                try again.entries(group: 1, from: 1, through: 50, byteCountMax: .max)
                    == entries(1...50, term: 1))
            try again.close()
        }
    }

    @Test func `a durable log of another node is refused`() throws {
        try withTemporaryDirectory { directory in
            let log = try DurableRaftLog(
                fileSystem: PosixFileSystem(), directory: directory, identity: 1,
                segmentByteCount: 1 << 20)
            try log.append(group: 1, entries(1...2, term: 1))
            try log.close()
            let error = #expect(throws: RaftError.self) {
                _ = try DurableRaftLog(
                    fileSystem: PosixFileSystem(), directory: directory, identity: 2,
                    segmentByteCount: 1 << 20)
            }
            #expect(error?.code == .storage)
        }
    }
}
