internal import Foundation
internal import Logging
internal import MarbleEnvironment
internal import MarbleRaft
internal import NIOConcurrencyHelpers
internal import NIOCore

/// The shell of one group's driver: it lives on one event loop, where it feeds the driver with what
/// peers, users, the clock, the disk and the state machine say, and carries out what follows.
final class RaftGroup: @unchecked Sendable {
    // Sendable because references travel between threads; everything mutable is touched on the
    // loop only, except `published`, which has a lock.

    /// What other threads may look at without a hop.
    struct Published: Sendable {
        var role = RaftRole.follower
        var term: RaftTerm = 0
        var leaderID: RaftNodeID?
        var appliedIndex: RaftIndex = 0
        var commitIndex: RaftIndex = 0
        var failure: RaftError?
        /// The log's disk is full, or nearly.
        var isSpaceLow = false
    }

    let groupID: RaftGroupID
    let eventLoop: any EventLoop
    let logger: Logger
    let logLogger: Logger
    let metrics: RaftMetrics
    let groupMetrics: RaftGroupMetrics
    let logWriter: LogWriter
    let snapshots: SnapshotStore
    let stateMachine: any RaftStateMachine
    let published = NIOLockedValueBox(Published())
    weak let link: (any RaftGroupLink)?
    let applyWorker: SerialWorker<ApplyJob>
    private let snapshotWorker: SerialWorker<@Sendable () -> Void>

    private(set) var driver: RaftDriver!
    let promptStateMachine: (any RaftPromptStateMachine)?
    /// Jobs that the apply thread has in hand.
    var applyJobCount = 0
    static let promptEntryCountMax = 16
    /// Waits for the end of the loop's turn, to be written and synced there.
    var promptWrite: RaftLogWrite?
    private var isFlushScheduled = false
    private var publishedCommitIndex: RaftIndex = 0
    private var timer: Scheduled<Void>?
    private var timerDeadline: RaftInstant?
    var isStopped = false

    enum ApplyJob: Sendable {
        case apply([RaftEntry], RaftGroup)
        case capture(SnapshotStore.Name, RaftGroup)
        case restore(SnapshotStore.Name, RaftGroup)
    }

    init(
        groupID: RaftGroupID, eventLoop: any EventLoop, logWriter: LogWriter,
        snapshots: SnapshotStore, stateMachine: any RaftStateMachine, link: any RaftGroupLink,
        metrics: RaftMetrics, logger: Logger, logLogger: Logger
    ) {
        self.groupID = groupID
        self.eventLoop = eventLoop
        self.logWriter = logWriter
        self.snapshots = snapshots
        self.stateMachine = stateMachine
        promptStateMachine = stateMachine as? any RaftPromptStateMachine
        self.link = link
        self.metrics = metrics
        groupMetrics = metrics.group(groupID)
        self.logger = logger
        self.logLogger = logLogger
        applyWorker = SerialWorker(name: "marble-apply") { jobs in
            for job in jobs { Self.run(job, stateMachine, snapshots) }
            return false
        }
        snapshotWorker = SerialWorker(name: "marble-snapshot") { jobs in
            for job in jobs { job() }
            return false
        }
    }

    static func now() -> RaftInstant {
        RaftInstant(nanoseconds: NIODeadline.now().uptimeNanoseconds)
    }

    /// Starts the driver with what the disk holds. On the loop.
    func start(_ configuration: RaftDriver.Configuration, recovered: RaftDriver.Recovered) {
        eventLoop.preconditionInEventLoop()
        driver = RaftDriver(
            configuration: configuration, recovered: recovered, ports: self, now: Self.now())
        published.withLockedValue {
            $0.term = recovered.hardState.term
            $0.appliedIndex = recovered.appliedIndex
        }
        groupMetrics.roleChanged(.follower, term: recovered.hardState.term, hasLeader: false)
        groupMetrics.applied(recovered.appliedIndex)
        flush()
    }

    /// Ends all that waits, and the threads once they have done what was handed to them. On the loop.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        timer?.cancel()
        driver?.stop()
        applyWorker.stop()
        snapshotWorker.stop()
    }

    /// Blocks until the apply and snapshot threads have ended.
    func join() {
        applyWorker.join()
        snapshotWorker.join()
    }

    // MARK: Inputs

    /// Runs an input on the loop, then flushes once for all inputs of the loop's turn.
    func input(_ body: @escaping @Sendable (RaftDriver) -> Void) {
        if eventLoop.inEventLoop {
            inputOnLoop(body)
        } else {
            eventLoop.execute { self.inputOnLoop(body) }
        }
    }

    private func inputOnLoop(_ body: (RaftDriver) -> Void) {
        guard let driver, !isStopped else { return }
        body(driver)
        scheduleFlush()
    }

    func receive(_ batch: RaftBatch) {
        eventLoop.preconditionInEventLoop()
        guard let driver, !isStopped else { return }
        driver.receive(batch, now: Self.now())
        scheduleFlush()
    }

    func propose(_ payloads: [ByteBuffer], owner: any RaftProposalOwner, firstToken: UInt64) {
        guard eventLoop.inEventLoop else {
            return eventLoop.execute {
                self.propose(payloads, owner: owner, firstToken: firstToken)
            }
        }
        metrics.proposals.increment(by: payloads.count)
        guard let driver, !isStopped else {
            let tokens = (0..<UInt64(payloads.count)).map { firstToken + $0 }
            return owner.proposalsFailed(tokens, Self.notRunning)
        }
        guard !published.withLockedValue({ $0.isSpaceLow }) else {
            let tokens = (0..<UInt64(payloads.count)).map { firstToken + $0 }
            return owner.proposalsFailed(tokens, Self.diskFull)
        }
        driver.propose(payloads, owner: owner, firstToken: firstToken, now: Self.now())
        scheduleFlush()
    }

    func readIndex(_ completion: @escaping @Sendable (Result<RaftIndex, RaftError>) -> Void) {
        guard eventLoop.inEventLoop else {
            return eventLoop.execute { self.readIndex(completion) }
        }
        guard let driver, !isStopped else { return completion(.failure(Self.notRunning)) }
        driver.readIndex(now: Self.now(), completion)
        scheduleFlush()
    }

    static let notRunning = RaftError(
        .stopped, "the node isn't running; write to another node, or start it again")

    private static let diskFull = RaftError(
        .overloaded,
        "the disk of the node's data directory is full; free space there, writing goes on by itself"
    )

    // MARK: Flush

    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.execute {
            self.isFlushScheduled = false
            self.flush()
        }
    }

    func flush() {
        guard let driver, !isStopped else { return }
        driver.flush(now: Self.now())
        publishCommit(driver.core.commitIndex)
        armTimer(driver.nextDeadline)
    }

    private func publishApplied(_ index: RaftIndex) {
        published.withLockedValue { $0.appliedIndex = index }
        groupMetrics.applied(index)
    }

    private func publishCommit(_ index: RaftIndex) {
        guard index != publishedCommitIndex else { return }
        publishedCommitIndex = index
        published.withLockedValue { $0.commitIndex = index }
        groupMetrics.committed(index)
    }

    private func armTimer(_ deadline: RaftInstant) {
        if let armed = timerDeadline, armed <= deadline { return }
        timer?.cancel()
        timerDeadline = deadline
        timer = eventLoop.scheduleTask(
            deadline: .uptimeNanoseconds(deadline.nanoseconds)
        ) {
            self.timerDeadline = nil
            guard let driver = self.driver, !self.isStopped else { return }
            let now = Self.now()
            if driver.nextDeadline <= now { driver.tick(now: now) }
            self.flush()
        }
    }

    // MARK: Apply thread

    private static func run(
        _ job: ApplyJob, _ stateMachine: any RaftStateMachine, _ snapshots: SnapshotStore
    ) {
        switch job {
        case .apply(let entries, let group):
            let outcomes = stateMachine.apply(entries)
            group.metrics.entriesApplied.increment(by: entries.count)
            group.eventLoop.execute {
                group.applyJobCount -= 1
                group.didApply(outcomes)
            }
        case .capture(let name, let group):
            defer { group.eventLoop.execute { group.applyJobCount -= 1 } }
            do {
                let capture = try stateMachine.snapshot()
                group.snapshotWorker.submit {
                    let result = Result {
                        try snapshots.write(name, capture, pause: Self.halfTime())
                    }
                    group.eventLoop.execute { group.didMakeSnapshot(name, result) }
                }
            } catch {
                group.eventLoop.execute { group.didMakeSnapshot(name, .failure(error)) }
            }
        case .restore(let name, let group):
            let result = Result {
                try stateMachine.restore(from: try snapshots.source(name), index: name.index)
            }
            group.eventLoop.execute {
                group.applyJobCount -= 1
                group.didRestore(name, result)
            }
        }
    }

    /// Leaves the disk to the log for half of the time: pauses as long as the step before took.
    private static func halfTime() -> () -> Void {
        var began = NIODeadline.now()
        return {
            let step = NIODeadline.now() - began
            Thread.sleep(forTimeInterval: min(Double(step.nanoseconds) / 1e9, 1))
            began = .now()
        }
    }

    func didApply(_ outcomes: [ByteBuffer]) {
        guard let driver, !isStopped else { return }
        driver.applied(outcomes: outcomes, now: Self.now())
        publishApplied(driver.appliedIndex)
        flush()
    }

    private func didMakeSnapshot(_ name: SnapshotStore.Name, _ result: Result<UInt64, any Error>) {
        guard let driver, !isStopped else { return }
        switch result {
        case .success(let byteCount):
            metrics.snapshotsMade.increment()
            logger.info(
                "snapshot made", metadata: ["index": "\(name.index)", "bytes": "\(byteCount)"])
            driver.snapshotMade(index: name.index, byteCount: byteCount, now: Self.now())
        case .failure(let error):
            logger.error(
                "snapshot failed; the log keeps growing until one succeeds",
                metadata: ["index": "\(name.index)", "error": "\(error)"])
            driver.snapshotFailed(now: Self.now())
        }
        flush()
    }

    func didRestore(_ name: SnapshotStore.Name, _ result: Result<Void, any Error>) {
        guard let driver, !isStopped else { return }
        switch result {
        case .success:
            metrics.snapshotsInstalled.increment()
            logger.info("snapshot installed", metadata: ["index": "\(name.index)"])
            driver.snapshotInstalled(index: name.index, term: name.term, now: Self.now())
            publishApplied(driver.appliedIndex)
        case .failure(let error):
            logger.error(
                "the leader's snapshot can't be installed",
                metadata: ["index": "\(name.index)", "error": "\(error)"])
            driver.snapshotInstallFailed(now: Self.now())
        }
        flush()
    }

    /// Runs blocking work beside the apply thread.
    func onSnapshotThread<T: Sendable>(
        _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let taken = snapshotWorker.submit {
                continuation.resume(with: Result(catching: body))
            }
            if !taken { continuation.resume(throwing: Self.notRunning) }
        }
    }
}

/// How a group reaches its peers and its server; called on the group's loop.
protocol RaftGroupLink: AnyObject, Sendable {
    func send(_ batch: RaftBatch, group: RaftGroupID, to peer: RaftNodeID) -> Bool
    /// Pulls a peer's snapshot into the group's store and checks it.
    func fetchSnapshot(_ name: SnapshotStore.Name, group: RaftGroup, from peer: RaftNodeID)
        async throws
    func groupFailed(_ error: RaftError)
}
