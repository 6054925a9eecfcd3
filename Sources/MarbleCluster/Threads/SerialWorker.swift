internal import Dispatch
internal import Foundation
internal import NIOConcurrencyHelpers

/// A thread of its own for work that blocks. It takes all jobs that have gathered while it was
/// busy in one go, so that what can be done once for many is (a group commit). It can ask to be
/// called again without a job, to try again what failed. While it has nothing to do, another thread
/// may do a job in its place.
final class SerialWorker<Job: Sendable>: Sendable {
    private struct Queue {
        var jobs: [Job] = []
        /// The thread sleeps, or is about to, and nothing is to be done.
        var isWaiting = false
        /// Another thread does the work; this one leaves everything to it.
        var isBorrowed = false
        var mustRetry = false
        var isStopping = false
    }

    private enum Turn {
        case work, wait, waitToRetry, end
    }

    private let queue = NIOLockedValueBox(Queue())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let process: @Sendable (inout [Job]) -> Bool

    /// - Parameters:
    ///   - retryInterval: after this long, `process` is called again even without a job.
    ///   - process: carries out jobs in order, never twice at a time; true asks for another call
    ///     after the interval.
    init(
        name: String, retryInterval: Duration = .seconds(1),
        process: @escaping @Sendable (inout [Job]) -> Bool
    ) {
        self.process = process
        let (queue, wakeUp, ended) = (queue, wakeUp, ended)
        let retryMilliseconds = Int(retryInterval.wholeMilliseconds)
        let thread = Thread {
            Thread.current.name = name
            var taken: [Job] = []
            var turn = Self.take(&taken, from: queue)
            while turn != .end {
                if turn == .wait { wakeUp.wait() }
                if turn == .waitToRetry {
                    let timeout = DispatchTime.now() + .milliseconds(retryMilliseconds)
                    if wakeUp.wait(timeout: timeout) == .timedOut { turn = .work }
                }
                if turn == .work {
                    let mustRetry = process(&taken)
                    taken.removeAll(keepingCapacity: true)
                    queue.withLockedValue { $0.mustRetry = mustRetry }
                }
                turn = Self.take(&taken, from: queue)
            }
            ended.signal()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Takes all jobs that have gathered.
    private static func take(
        _ jobs: inout [Job], from queue: NIOLockedValueBox<Queue>
    ) -> Turn {
        queue.withLockedValue { queue in
            // Whoever has borrowed the work wakes this thread when there is something for it.
            guard !queue.isBorrowed else { return .wait }
            swap(&jobs, &queue.jobs)
            guard jobs.isEmpty else {
                queue.isWaiting = false
                return .work
            }
            guard !queue.isStopping else { return .end }
            queue.isWaiting = true
            return queue.mustRetry ? .waitToRetry : .wait
        }
    }

    /// Whether a job that is handed over now would be the only one.
    var isIdle: Bool { queue.withLockedValue { $0.isWaiting && !$0.mustRetry && !$0.isStopping } }

    /// Does a job on this thread, when the worker has nothing to do, nothing to try again, and the
    /// condition holds (which nothing is done beside, either). Jobs that others hand over meanwhile
    /// come after it.
    /// - Returns: whether the job was done; if not, nothing has happened.
    func runHere(_ job: Job, if condition: () -> Bool = { true }) -> Bool {
        let isBorrowed = queue.withLockedValue { queue in
            guard queue.isWaiting, !queue.mustRetry, !queue.isStopping else { return false }
            queue.isWaiting = false
            queue.isBorrowed = true
            return true
        }
        guard isBorrowed else { return false }
        let isDone = condition()
        var mustRetry = false
        if isDone {
            var jobs = [job]
            mustRetry = process(&jobs)
        }
        let mustWake = queue.withLockedValue { queue in
            queue.isBorrowed = false
            queue.mustRetry = mustRetry
            queue.isWaiting = queue.jobs.isEmpty && !mustRetry && !queue.isStopping
            return !queue.isWaiting
        }
        if mustWake { wakeUp.signal() }
        return isDone
    }

    /// Hands a job over; false once the worker is stopping.
    @discardableResult
    func submit(_ job: Job) -> Bool {
        let (isTaken, mustWake) = queue.withLockedValue { queue in
            guard !queue.isStopping else { return (false, false) }
            queue.jobs.append(job)
            defer { queue.isWaiting = false }
            return (true, queue.isWaiting)
        }
        if mustWake { wakeUp.signal() }
        return isTaken
    }

    /// Lets the jobs handed over so far be done, then ends the thread.
    func stop() {
        let mustWake = queue.withLockedValue { queue in
            queue.isStopping = true
            defer { queue.isWaiting = false }
            return queue.isWaiting
        }
        if mustWake { wakeUp.signal() }
    }

    /// Waits for the thread's end after `stop()`. Blocks.
    func join() {
        ended.wait()
        ended.signal()
    }
}
