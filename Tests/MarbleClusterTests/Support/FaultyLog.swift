import Dispatch
import MarbleCluster
import MarbleRaft
import NIOConcurrencyHelpers

/// A log in memory whose disk fails when it is told to.
final class FaultyLog: RaftLogStore {
    private struct State {
        var appendFaults: [(takenCount: Int, code: RaftError.Code)] = []
        var syncFaults: [RaftError.Code] = []
        var isFull = false
        var isHeld = false
        var isWaiting = false
        var isSyncShort = true
        var syncedIndex: RaftIndex = 0
        var closeCount = 0
    }

    private let inner = MemoryRaftLog()
    private let state = NIOLockedValueBox(State())
    private let release = DispatchSemaphore(value: 0)

    /// The next appends fail so, one after the other, after the first entries were taken.
    func failAppends(_ faults: [(takenCount: Int, code: RaftError.Code)]) {
        state.withLockedValue { $0.appendFaults = faults }
    }

    /// The next syncs fail so, one after the other.
    func failSyncs(_ faults: [RaftError.Code]) {
        state.withLockedValue { $0.syncFaults = faults }
    }

    /// Every sync fails for want of space as long as this is so.
    func setFull(_ isFull: Bool) { state.withLockedValue { $0.isFull = isFull } }

    /// The next sync waits for `releaseSync`.
    func holdSync() { state.withLockedValue { $0.isHeld = true } }

    /// What the log says of its next sync.
    func setSyncShort(_ isShort: Bool) { state.withLockedValue { $0.isSyncShort = isShort } }

    var isSyncShort: Bool { state.withLockedValue { $0.isSyncShort } }

    func releaseSync() { release.signal() }

    var isSyncWaiting: Bool { state.withLockedValue { $0.isWaiting } }
    /// The last entry of group 1 that a sync has made durable.
    var syncedIndex: RaftIndex { state.withLockedValue { $0.syncedIndex } }
    var pendingFaultCount: Int {
        state.withLockedValue { $0.appendFaults.count + $0.syncFaults.count }
    }
    var closeCount: Int { state.withLockedValue { $0.closeCount } }

    func recovery(group: RaftGroupID) throws(RaftError) -> RaftLogRecovery {
        try inner.recovery(group: group)
    }

    func setHardState(group: RaftGroupID, _ state: RaftHardState) throws(RaftError) {
        try inner.setHardState(group: group, state)
    }

    func append(group: RaftGroupID, _ entries: [RaftEntry]) throws(RaftError) {
        let fault = state.withLockedValue {
            $0.appendFaults.isEmpty ? nil : $0.appendFaults.removeFirst()
        }
        guard let fault else { return try inner.append(group: group, entries) }
        try inner.append(group: group, Array(entries.prefix(fault.takenCount)))
        throw RaftError(fault.code, "planted: append")
    }

    func truncateSuffix(group: RaftGroupID, from index: RaftIndex) throws(RaftError) {
        try inner.truncateSuffix(group: group, from: index)
    }

    func compactPrefix(
        group: RaftGroupID, through index: RaftIndex, term: RaftTerm
    ) throws(RaftError) {
        try inner.compactPrefix(group: group, through: index, term: term)
    }

    func sync() throws(RaftError) {
        let mustWait = state.withLockedValue { state in
            defer { state.isHeld = false }
            state.isWaiting = state.isHeld
            return state.isHeld
        }
        if mustWait { release.wait() }
        let fault: RaftError.Code? = state.withLockedValue { state in
            state.isWaiting = false
            if state.isFull { return .noSpace }
            return state.syncFaults.isEmpty ? nil : state.syncFaults.removeFirst()
        }
        if let fault { throw RaftError(fault, "planted: sync") }
        let lastIndex = try inner.recovery(group: 1).lastIndex
        state.withLockedValue { $0.syncedIndex = lastIndex }
    }

    func close() throws(RaftError) { state.withLockedValue { $0.closeCount += 1 } }

    func entries(
        group: RaftGroupID, from first: RaftIndex, through last: RaftIndex, byteCountMax: Int
    ) throws(RaftError) -> [RaftEntry] {
        try inner.entries(group: group, from: first, through: last, byteCountMax: byteCountMax)
    }
}
