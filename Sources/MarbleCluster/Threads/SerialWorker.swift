internal import Dispatch
internal import Foundation
internal import NIOConcurrencyHelpers

/// A thread of its own for work that blocks. It takes all jobs that have gathered while it was
/// busy in one go, so that what can be done once for many is (a group commit). It can ask to be
/// called again without a job, to try again what failed.
final class SerialWorker<Job: Sendable>: Sendable {
    private struct Queue {
        var jobs: [Job] = []
        var isWaiting = false
        var isStopping = false
    }

    private let queue = NIOLockedValueBox(Queue())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - retryInterval: after this long, `process` is called again even without a job.
    ///   - process: carries out jobs in order, on the worker's thread; true asks for another call
    ///     after the interval.
    init(
        name: String, retryInterval: Duration = .seconds(1),
        process: @escaping @Sendable (inout [Job]) -> Bool
    ) {
        let (queue, wakeUp, ended) = (queue, wakeUp, ended)
        let retryMilliseconds = Int(retryInterval.wholeMilliseconds)
        let thread = Thread {
            Thread.current.name = name
            var taken: [Job] = []
            var mustRetry = false
            while Self.take(&taken, from: queue) {
                if taken.isEmpty {
                    guard mustRetry else {
                        wakeUp.wait()
                        continue
                    }
                    let timeout = DispatchTime.now() + .milliseconds(retryMilliseconds)
                    if wakeUp.wait(timeout: timeout) == .success { continue }
                }
                mustRetry = process(&taken)
                taken.removeAll(keepingCapacity: true)
            }
            ended.signal()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Takes all jobs that have gathered; false when there will be none any more.
    private static func take(
        _ jobs: inout [Job], from queue: NIOLockedValueBox<Queue>
    ) -> Bool {
        queue.withLockedValue { queue in
            swap(&jobs, &queue.jobs)
            queue.isWaiting = jobs.isEmpty
            return !(jobs.isEmpty && queue.isStopping)
        }
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
