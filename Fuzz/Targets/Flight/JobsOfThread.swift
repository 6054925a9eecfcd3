import Foundation
import NIOConcurrencyHelpers

/// Has one thread run what the tasks begun on it have to do, instead of the pool: an embedded channel
/// belongs to its thread, and a fuzzer wants the same input to do the same.
///
/// Other threads' tasks go to the pool as ever. A task that waits for something but what this thread does,
/// such as a time, would come back on the pool: none does here.
enum JobsOfThread {
    private typealias Enqueue = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Enqueue) -> Void

    private struct Waiting: @unchecked Sendable {
        // Sendable because a thread's name, a pointer on some systems, is only compared.
        let thread = pthread_self()
        var jobs: [UnownedJob] = []
    }

    private final class Executor: TaskExecutor {
        func enqueue(_ job: UnownedJob) {
            fatalError("a job came that wasn't kept")
        }
    }

    private static let waiting = NIOLockedValueBox<Waiting?>(nil)
    private static let executor = Executor()

    /// Tells the runtime who gets the jobs first (Swift, `stdlib/public/Concurrency/GlobalExecutor.cpp`).
    private static let hook: Void = {
        guard let hook = dlsym(dlopen(nil, RTLD_LAZY), "swift_task_enqueueGlobal_hook") else {
            fatalError("this Swift runtime doesn't let its jobs be run by others")
        }
        hook.assumingMemoryBound(to: Hook?.self).pointee = { job, enqueue in
            if !keep(job) { enqueue(job) }
        }
    }()

    /// From here on, this thread's jobs wait for ``run()``. One thread at a time.
    static func keep() {
        hook
        waiting.withLockedValue {
            precondition($0 == nil, "another thread keeps its jobs")
            $0 = Waiting()
        }
    }

    /// Runs the jobs that wait, and those that come of them.
    /// - Returns: whether there were any.
    static func run() -> Bool {
        var hasRun = false
        while let job = next() {
            job.runSynchronously(on: executor.asUnownedTaskExecutor())
            hasRun = true
        }
        return hasRun
    }

    /// This thread's jobs go to the pool again.
    static func letGo() {
        waiting.withLockedValue { $0 = nil }
    }

    private static func keep(_ job: UnownedJob) -> Bool {
        waiting.withLockedValue {
            guard let thread = $0?.thread, pthread_equal(thread, pthread_self()) != 0 else {
                return false
            }
            $0?.jobs.append(job)
            return true
        }
    }

    private static func next() -> UnownedJob? {
        waiting.withLockedValue {
            guard $0?.jobs.isEmpty == false else { return nil }
            return $0?.jobs.removeFirst()
        }
    }
}
