internal import Foundation
internal import NIOConcurrencyHelpers

/// A thread of its own for work that blocks. It takes all jobs that have gathered while it was
/// busy in one go, so that what can be done once for many is (a group commit). It can ask to be
/// called again without a job, to try again what failed.
final class SerialWorker<Job: Sendable>: Sendable {
    private enum State: Int { case idle, waiting, stopped }

    private let condition: ConditionLock<Int>
    private let queue: Queue

    /// Guarded by `condition`.
    private final class Queue: @unchecked Sendable {
        var jobs: [Job] = []
        var isStopping = false
    }

    /// - Parameters:
    ///   - retryInterval: after this long, `process` is called again even without a job.
    ///   - process: carries out jobs in order, on the worker's thread; true asks for another call
    ///     after the interval.
    init(
        name: String, retryInterval: Duration = .seconds(1),
        process: @escaping @Sendable (inout [Job]) -> Bool
    ) {
        let condition = ConditionLock(value: State.idle.rawValue)
        let queue = Queue()
        self.condition = condition
        self.queue = queue
        let thread = Thread {
            Thread.current.name = name
            var taken: [Job] = []
            var mustRetry = false
            while true {
                if mustRetry {
                    let timeout = Double(retryInterval.wholeMilliseconds) / 1000
                    guard
                        condition.lock(
                            whenValue: State.waiting.rawValue, timeoutSeconds: timeout)
                    else {
                        mustRetry = process(&taken)
                        continue
                    }
                } else {
                    condition.lock(whenValue: State.waiting.rawValue)
                }
                swap(&taken, &queue.jobs)
                let isStopping = queue.isStopping
                let isDone = isStopping && taken.isEmpty
                let next: State = isDone ? .stopped : isStopping ? .waiting : .idle
                condition.unlock(withValue: next.rawValue)
                if isDone { return }
                mustRetry = process(&taken)
                taken.removeAll(keepingCapacity: true)
            }
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Hands a job over; false once the worker is stopping.
    @discardableResult
    func submit(_ job: Job) -> Bool {
        condition.lock()
        guard !queue.isStopping else {
            condition.unlock(withValue: condition.value)
            return false
        }
        queue.jobs.append(job)
        condition.unlock(withValue: State.waiting.rawValue)
        return true
    }

    /// Lets the jobs handed over so far be done, then ends the thread.
    func stop() {
        condition.lock()
        guard !queue.isStopping else { return condition.unlock(withValue: condition.value) }
        queue.isStopping = true
        condition.unlock(withValue: State.waiting.rawValue)
    }

    /// Waits for the thread's end after `stop()`. Blocks.
    func join() {
        condition.lock(whenValue: State.stopped.rawValue)
        condition.unlock(withValue: State.stopped.rawValue)
    }
}
