internal import DequeModule
public import MarbleRaft
internal import NIOCore

/// A log store that forgets everything with the process: for tests, and for state that may be lost.
///
/// A node that has lost its log must not take its old seat again, so a group on this store
/// survives the restart of its members only as long as a majority runs.
public final class MemoryRaftLog: RaftLogStore, @unchecked Sendable {
    private struct Group {
        var state = RaftHardState(term: 0, votedFor: nil)
        var baseIndex: RaftIndex = 0
        var baseTerm: RaftTerm = 0
        var entries: Deque<RaftEntry> = []
        var lastIndex: RaftIndex { baseIndex + UInt64(entries.count) }
    }

    private var groups: [RaftGroupID: Group] = [:]

    public init() {}

    /// True: there is nothing to wait for.
    public var isSyncShort: Bool { true }

    public func recovery(group: RaftGroupID) throws(RaftError) -> RaftLogRecovery {
        let group = groups[group, default: Group()]
        var runs: [RaftTermRun] = []
        for entry in group.entries where runs.last?.term != entry.term {
            runs.append(RaftTermRun(firstIndex: entry.index, term: entry.term))
        }
        return RaftLogRecovery(
            term: group.state.term, votedFor: group.state.votedFor, baseIndex: group.baseIndex,
            baseTerm: group.baseTerm, termRuns: runs, lastIndex: group.lastIndex)
    }

    public func setHardState(group: RaftGroupID, _ state: RaftHardState) throws(RaftError) {
        groups[group, default: Group()].state = state
    }

    public func append(group: RaftGroupID, _ entries: [RaftEntry]) throws(RaftError) {
        for entry in entries {
            let expected = groups[group, default: Group()].lastIndex + 1
            guard entry.index == expected else {
                throw RaftError(
                    .storage, "entry \(entry.index) appended where \(expected) must come")
            }
            groups[group, default: Group()].entries.append(entry)
        }
    }

    public func truncateSuffix(group: RaftGroupID, from index: RaftIndex) throws(RaftError) {
        var log = groups[group, default: Group()]
        groups[group] = nil
        while let last = log.entries.last, last.index >= index { log.entries.removeLast() }
        groups[group] = log
    }

    public func compactPrefix(
        group: RaftGroupID, through index: RaftIndex, term: RaftTerm
    ) throws(RaftError) {
        var log = groups[group, default: Group()]
        groups[group] = nil
        defer { groups[group] = log }
        guard index > log.baseIndex else { return }
        let position = index - log.baseIndex - 1
        if position < UInt64(log.entries.count), log.entries[Int(position)].term != term {
            log.entries.removeAll()
        }
        while let first = log.entries.first, first.index <= index { log.entries.removeFirst() }
        log.baseIndex = index
        log.baseTerm = term
    }

    public func sync() throws(RaftError) {}

    public func entries(
        group: RaftGroupID, from first: RaftIndex, through last: RaftIndex, byteCountMax: Int
    ) throws(RaftError) -> [RaftEntry] {
        let log = groups[group, default: Group()]
        guard first > log.baseIndex, first <= last, last <= log.lastIndex else {
            throw RaftError(
                .storage,
                "entries \(first) to \(last) aren't in the log, which has \(log.baseIndex + 1) to \(log.lastIndex)"
            )
        }
        var result: [RaftEntry] = []
        var byteCount = 0
        for index in first...last {
            let entry = log.entries[Int(index - log.baseIndex - 1)]
            byteCount += entry.payload.readableBytes
            if index > first, byteCount > byteCountMax { break }
            result.append(entry)
        }
        return result
    }
}
