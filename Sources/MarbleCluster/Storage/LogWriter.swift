internal import CoreMetrics
internal import DequeModule
internal import MarbleEnvironment
internal import MarbleRaft
internal import NIOConcurrencyHelpers
internal import NIOCore

/// The node's log thread: writes and syncs once for all that has gathered from all groups.
final class LogWriter: Sendable {
    enum Job: Sendable {
        case write(RaftGroupID, RaftLogWrite, any LogWriterClient)
        case read(RaftGroupID, RaftLogRead, any LogWriterClient)
        case call(@Sendable (any RaftLogStore) -> Void)
        case close
    }

    private let worker: SerialWorker<Job>
    private let store: any RaftLogStore
    private let pace: NIOLockedValueBox<SyncPace>
    private let clock: any MonotonicClock

    /// Writes of more bytes or entries are left to the thread: while it writes and syncs, the loop
    /// takes in what comes after them.
    private static let promptByteCountMax = 16 << 10
    private static let promptEntryCountMax = 4

    init(
        store: any RaftLogStore, clock: any MonotonicClock = SystemMonotonicClock(),
        metrics: RaftMetrics = RaftMetrics(factory: NOOPMetricsHandler.instance)
    ) {
        let pace = NIOLockedValueBox(SyncPace())
        let process = Process(store: store, pace: pace, clock: clock, duration: metrics.logSync)
        worker = SerialWorker(name: "marble-log") { process.run(&$0) }
        self.store = store
        self.pace = pace
        self.clock = clock
    }

    /// False once the writer is stopping: the job won't be done.
    @discardableResult
    func submit(_ job: Job) -> Bool { worker.submit(job) }

    /// Whether a write is small, the log thread idle, and the disk fast: then waiting for the disk
    /// takes less time than the way to the log thread and back.
    func isPrompt(_ write: RaftLogWrite) -> Bool {
        guard write.sequence != 0, write.compactThrough == nil, write.truncateFrom == nil,
            write.entries.count <= Self.promptEntryCountMax,
            write.entries.reduce(0, { $0 + $1.payload.readableBytes }) <= Self.promptByteCountMax,
            worker.isIdle
        else { return false }
        let now = clock.nowNanoseconds()
        return pace.withLockedValue { $0.isFast(nowNanoseconds: now) }
    }

    /// Carries out a prompt write on the caller's thread, with one sync, and acknowledges it there;
    /// hands it to the log thread when that has something to do by now, or the sync wouldn't be short.
    func writePromptly(
        _ group: RaftGroupID, _ write: RaftLogWrite, _ client: any LogWriterClient
    ) {
        let job = Job.write(group, write, client)
        if worker.runHere(job, if: { store.isSyncShort }) { return }
        worker.submit(job)
    }

    /// Carries out what was submitted, closes the store, and ends the thread. Blocks.
    func stopAndJoin() {
        worker.submit(.close)
        worker.stop()
        worker.join()
    }

    /// Lives on the worker's thread, or on that which does the worker's job.
    private final class Process: @unchecked Sendable {
        private let store: any RaftLogStore
        private let pace: NIOLockedValueBox<SyncPace>
        private let clock: any MonotonicClock
        private let duration: CoreMetrics.Timer
        private var failure: RaftError?
        /// What waits for space on the disk; writes behind one that waits wait too.
        private var backlog: Deque<Job> = []
        private var clients: [any LogWriterClient] = []
        private var acknowledgements: [(client: any LogWriterClient, sequence: UInt64)] = []
        private var needsSync = false
        private var isSpaceLow = false
        private var wasReportedLow = false
        private var isClosed = false

        init(
            store: any RaftLogStore, pace: NIOLockedValueBox<SyncPace>, clock: any MonotonicClock,
            duration: CoreMetrics.Timer
        ) {
            self.duration = duration
            self.store = store
            self.pace = pace
            self.clock = clock
        }

        /// True when something has to be tried again.
        func run(_ jobs: inout [Job]) -> Bool {
            for job in jobs { take(job) }
            guard !isClosed else { return false }
            if isSpaceLow { drainBacklog() }
            if needsSync, failure == nil { sync() }
            if failure == nil, !needsSync {
                for (client, sequence) in acknowledgements {
                    client.logPersisted(sequence: sequence)
                }
                acknowledgements.removeAll(keepingCapacity: true)
            }
            reportSpace()
            return isSpaceLow && failure == nil
        }

        private func take(_ job: Job) {
            switch job {
            case .write(_, _, let client):
                meet(client)
                guard failure == nil else { return }
                if backlog.isEmpty, let rest = carryOut(job) {
                    backlog.append(rest)
                } else if !backlog.isEmpty {
                    backlog.append(job)
                }
            case .read(let group, let read, let client):
                let result = Result { () throws(RaftError) in
                    try store.entries(
                        group: group, from: read.first, through: read.last,
                        byteCountMax: read.byteCountMax)
                }
                client.logRead(read, result)
            case .call(let body):
                body(store)
            case .close:
                isClosed = true
                do throws(RaftError) { try store.close() } catch { fail(error) }
            }
        }

        private func meet(_ client: any LogWriterClient) {
            guard !clients.contains(where: { $0 === client }) else { return }
            clients.append(client)
        }

        /// Returns what of a write is left to do when the disk is full.
        private func carryOut(_ job: Job) -> Job? {
            guard case .write(let group, var write, let client) = job else { return nil }
            do throws(RaftError) {
                try apply(write, group: group)
            } catch {
                guard error.code == .noSpace,
                    let lastIndex = try? store.recovery(group: group).lastIndex
                else {
                    fail(error)
                    return nil
                }
                isSpaceLow = true
                write.hardState = nil
                write.truncateFrom = nil
                write.compactThrough = nil
                write.entries.removeAll { $0.index <= lastIndex }
                return .write(group, write, client)
            }
            needsSync = needsSync || write.sequence != 0
            acknowledge(write.sequence, client)
            return nil
        }

        private func apply(_ write: RaftLogWrite, group: RaftGroupID) throws(RaftError) {
            // The term first: a write that a crash cuts short must not leave entries of a term that
            // the node doesn't know.
            if let state = write.hardState { try store.setHardState(group: group, state) }
            if let index = write.truncateFrom {
                try store.truncateSuffix(group: group, from: index)
            }
            if let point = write.compactThrough {
                try store.compactPrefix(group: group, through: point.firstIndex, term: point.term)
            }
            if !write.entries.isEmpty { try store.append(group: group, write.entries) }
        }

        /// One acknowledgement for each client: the newest of its writes stands for all.
        private func acknowledge(_ sequence: UInt64, _ client: any LogWriterClient) {
            guard sequence != 0 else { return }
            if let position = acknowledgements.firstIndex(where: { $0.client === client }) {
                acknowledgements[position].sequence = sequence
            } else {
                acknowledgements.append((client, sequence))
            }
        }

        private func sync() {
            let began = clock.nowNanoseconds()
            do throws(RaftError) {
                try store.sync()
                needsSync = false
                let ended = clock.nowNanoseconds()
                pace.withLockedValue { $0.synced(from: began, to: ended) }
                duration.recordNanoseconds(Int64(clamping: ended &- began))
            } catch {
                if error.code == .noSpace { isSpaceLow = true } else { fail(error) }
            }
        }

        private func drainBacklog() {
            do throws(RaftError) {
                try store.reserveSpace()
            } catch {
                if error.code != .noSpace { fail(error) }
                return
            }
            while failure == nil, let job = backlog.popFirst() {
                guard let rest = carryOut(job) else { continue }
                return backlog.prepend(rest)
            }
        }

        private func reportSpace() {
            guard failure == nil else { return }
            isSpaceLow = store.isSpaceLow || needsSync || !backlog.isEmpty
            guard isSpaceLow != wasReportedLow else { return }
            wasReportedLow = isSpaceLow
            for client in clients { client.logSpaceChanged(isLow: isSpaceLow) }
        }

        private func fail(_ error: RaftError) {
            guard failure == nil else { return }
            failure = error
            for client in clients { client.logFailed(error) }
            acknowledgements.removeAll()
            backlog.removeAll()
        }
    }
}

/// A group that uses the log thread; called on that thread, or within `writePromptly`.
protocol LogWriterClient: AnyObject, Sendable {
    func logPersisted(sequence: UInt64)
    func logRead(_ read: RaftLogRead, _ result: Result<[RaftEntry], RaftError>)
    /// The disk is full, or has space again. What was handed over waits and isn't lost.
    func logSpaceChanged(isLow: Bool)
    /// The log failed: nothing that isn't acknowledged yet ever will be.
    func logFailed(_ error: RaftError)
}
