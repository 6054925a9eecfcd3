internal import DequeModule
package import MarbleRaft
internal import NIOCore

/// Drives one group: feeds `RaftCore`, keeps the payloads that the core never sees, and has the
/// core's outputs carried out through `RaftDriverPorts`.
///
/// It is synchronous and single-threaded, and knows no clock: in production it lives on an event
/// loop, in the simulator on a virtual one. Inputs only gather; `flush(now:)` carries out what they
/// have led to, once for all of them. Ports never call back from within a call.
package final class RaftDriver {
    package struct Configuration: Sendable {
        package var core: RaftCoreConfiguration
        /// Entries applied between two snapshots.
        package var snapshotDistance: UInt64
        /// After a snapshot of more bytes than this, the next one also waits until as many bytes
        /// have been applied: writing a large state again and again would cost more than the log
        /// that it saves.
        package var snapshotByteCountSmall: UInt64 = 16 << 20
        /// Entries kept in the log before a snapshot, for members that are only a little behind.
        package var trailingEntryCount: UInt64
        package var tailByteCountMax: Int = 64 << 20
        package var sendByteCountMax: Int = 1 << 20
        package var applyByteCountMax: Int = 4 << 20
        package var entryByteCountMax: Int = 64 << 20
        /// Payload bytes of proposals whose outcome isn't known yet; more are refused.
        package var pendingByteCountMax: Int = 256 << 20
        /// Acknowledges what isn't durable: a bug that the simulator's own tests must find.
        package var plantsAcknowledgementBeforeSync = false

        package init(
            core: RaftCoreConfiguration, snapshotDistance: UInt64, trailingEntryCount: UInt64
        ) {
            self.core = core
            self.snapshotDistance = snapshotDistance
            self.trailingEntryCount = trailingEntryCount
        }
    }

    /// What a node has found on its disk.
    package struct Recovered: Sendable {
        package var hardState: RaftHardState
        package var log: RaftLogSummary
        /// The newest durable snapshot, which the state machine has been restored from.
        package var snapshotIndex: RaftIndex
        package var appliedIndex: RaftIndex
        package init(
            hardState: RaftHardState, log: RaftLogSummary, snapshotIndex: RaftIndex,
            appliedIndex: RaftIndex
        ) {
            self.hardState = hardState
            self.log = log
            self.snapshotIndex = snapshotIndex
            self.appliedIndex = appliedIndex
        }
    }

    package internal(set) var core: RaftCore
    unowned let ports: any RaftDriverPorts
    let configuration: Configuration
    var tail: EntryTail
    var output = RaftOutput()
    var outboxes: [RaftNodeID: RaftBatch] = [:]
    let peers: [RaftNodeID]

    // Messages that wait for the disk.
    var waitingMessages: Deque<(sequence: UInt64, message: RaftMessage)> = []
    var lastWriteSequence: UInt64 = 0
    var persistedSequence: UInt64 = 0

    // Apply.
    package internal(set) var appliedIndex: RaftIndex
    var applying: (entries: [RaftEntry], through: RaftIndex)?
    var isReadingToApply = false
    var installing: RaftIndex?

    // Snapshots.
    var snapshotIndex: RaftIndex
    var isMakingSnapshot = false
    var snapshotByteCount: UInt64 = 0
    var byteCountSinceSnapshot: UInt64 = 0

    var proposals = PendingProposals()
    var reads: PendingReads
    var now: RaftInstant

    package init(
        configuration: Configuration, recovered: Recovered, ports: any RaftDriverPorts,
        now: RaftInstant
    ) {
        self.configuration = configuration
        self.ports = ports
        self.now = now
        core = RaftCore(
            configuration: configuration.core, hardState: recovered.hardState, log: recovered.log,
            now: now)
        core.restored(snapshotIndex: recovered.snapshotIndex, appliedIndex: recovered.appliedIndex)
        tail = EntryTail(after: recovered.log.lastIndex)
        appliedIndex = recovered.appliedIndex
        snapshotIndex = recovered.snapshotIndex
        let own = configuration.core.nodeID
        peers = configuration.core.voters.filter { $0 != own }.sorted()
        reads = PendingReads(
            retryInterval: configuration.core.heartbeatInterval * 2,
            timeout: configuration.core.electionTimeout * 2,
            firstContext: configuration.core.seed)
        for peer in peers { outboxes[peer] = RaftBatch() }
    }

    /// When `tick(now:)` must be called next, if nothing else happens before.
    package var nextDeadline: RaftInstant {
        var deadline = core.nextDeadline
        if let other = proposals.deadline, other < deadline { deadline = other }
        if let other = reads.nextDeadline, other < deadline { deadline = other }
        return deadline
    }

    package func tick(now: RaftInstant) {
        self.now = now
        core.tick(now: now)
        if let deadline = proposals.deadline, deadline <= now {
            proposals.failAll(Self.lostLeadership)
        }
        reads.expire(now: now, core: &core)
    }

    /// Takes a peer's messages, and the entries of their append requests, in order.
    package func receive(_ batch: RaftBatch, now: RaftInstant) {
        self.now = now
        var offset = 0
        for message in batch.messages {
            var entryCount = 0
            if case .appendRequest(let append) = message.body {
                guard append.lastIndex >= append.previousIndex,
                    append.lastIndex - append.previousIndex
                        <= UInt64(batch.entries.count - offset)
                else { return }
                entryCount = Int(append.lastIndex - append.previousIndex)
                let entries = batch.entries[offset..<offset + entryCount]
                guard Self.entries(entries, match: append) else { return }
            }
            if let accepted = core.step(message, now: now) {
                store(batch.entries[offset..<offset + entryCount], accepted: accepted)
            }
            offset += entryCount
        }
    }

    /// Whether the entries carried are those that the header speaks of.
    private static func entries(_ entries: ArraySlice<RaftEntry>, match append: RaftAppend) -> Bool
    {
        var expected = append.previousIndex
        var runs = append.termRuns.makeIterator()
        var run: RaftTermRun? = nil
        var upcoming = runs.next()
        for entry in entries {
            expected += 1
            while let candidate = upcoming, candidate.firstIndex <= entry.index {
                run = candidate
                upcoming = runs.next()
            }
            guard entry.index == expected, let run, run.term == entry.term else { return false }
        }
        return true
    }

    private func store(_ entries: ArraySlice<RaftEntry>, accepted: ClosedRange<RaftIndex>) {
        proposals.truncated(from: accepted.lowerBound)
        if tail.endIndex != accepted.lowerBound { makeTailEnd(at: accepted.lowerBound) }
        for entry in entries where accepted.contains(entry.index) { tail.append(entry) }
    }

    /// Carries out everything that the inputs since the last flush have led to.
    package func flush(now: RaftInstant) {
        self.now = now
        reads.issue(now: now, core: &core)
        while core.hasOutput {
            core.takeOutput(into: &output)
            handleOutput()
        }
        releaseMessages()
        for peer in peers {
            guard let batch = outboxes[peer], !batch.messages.isEmpty else { continue }
            outboxes[peer] = RaftBatch()
            _ = ports.send(batch, to: peer)
        }
        startApply()
        evictTail()
    }

    private func handleOutput() {
        if let noop = output.leaderNoop {
            let entry = RaftEntry(
                index: noop.index, term: noop.term, kind: .noop, payload: ByteBuffer())
            proposals.truncated(from: noop.index)
            if tail.endIndex != noop.index { makeTailEnd(at: noop.index) }
            tail.append(entry)
        }
        if let persist = output.persist { write(persist) }
        for message in output.messages { outboxes[message.to]?.messages.append(message) }
        for message in output.messagesAfterPersist {
            waitingMessages.append((lastWriteSequence, message))
        }
        for send in output.sends { fulfil(send) }
        for state in output.readStates { reads.confirmed(state.context, index: state.index) }
        // Read failures need nothing: every read is asked again until it is answered or too late.
        if let change = output.roleChange {
            if change.role != .leader { proposals.leadershipLost(deadline: graceDeadline) }
            ports.roleChanged(role: change.role, term: change.term, leader: change.leader)
        }
        if let install = output.snapshotInstall, installing == nil {
            installing = install.index
            ports.installSnapshot(from: install.from, index: install.index, term: install.term)
        }
        reads.complete(applied: appliedIndex)
    }

    private var graceDeadline: RaftInstant {
        now.advanced(by: configuration.core.electionTimeout * 2)
    }

    func makeTailEnd(at index: RaftIndex) {
        if index < tail.endIndex, index > tail.firstIndex {
            tail.truncate(from: index)
        } else {
            tail.reset(after: index - 1)
        }
    }

    private func write(_ persist: RaftPersist) {
        var entries: [RaftEntry] = []
        if let range = persist.append {
            entries.reserveCapacity(range.count)
            let copied = tail.copy(
                range.lowerBound, through: range.upperBound, byteCountMax: .max, into: &entries)
            precondition(
                copied?.last == range.upperBound, "entries \(range) to persist aren't in the tail")
        }
        lastWriteSequence = persist.sequence
        ports.write(
            RaftLogWrite(
                sequence: persist.sequence, truncateFrom: persist.truncateFrom, entries: entries,
                hardState: persist.hardState, compactThrough: nil))
        if configuration.plantsAcknowledgementBeforeSync {
            persistedSequence = persist.sequence
            core.persisted(sequence: persist.sequence, now: now)
        }
    }

    private func releaseMessages() {
        while let first = waitingMessages.first, first.sequence <= persistedSequence {
            waitingMessages.removeFirst()
            outboxes[first.message.to]?.messages.append(first.message)
        }
    }

    private func evictTail() {
        let evictable = min(appliedIndex, core.persistedIndex)
        tail.evict(through: evictable, byteCountMax: configuration.tailByteCountMax)
    }

    static let lostLeadership = RaftError(
        .outcomeUnknown,
        "this node stopped leading the group before the entry was committed; the write may or may not take effect: read it back, or retry it with a session"
    )
}
