import Dispatch
import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import MarbleCluster

@Suite("SerialWorker")
struct SerialWorkerTests {
    @Test func `jobs are done in order and none is left when the thread ends`() {
        let done = NIOLockedValueBox<[Int]>([])
        let worker = SerialWorker<Int>(name: "test") { jobs in
            done.withLockedValue { $0 += jobs }
            return false
        }
        for job in 0..<10_000 { #expect(worker.submit(job)) }
        worker.stop()
        worker.join()
        #expect(done.withLockedValue { $0 } == Array(0..<10_000))
    }

    @Test func `jobs from many threads are each done once and in each thread's order`() {
        let done = NIOLockedValueBox<[Int]>([])
        let worker = SerialWorker<Int>(name: "test") { jobs in
            done.withLockedValue { $0 += jobs }
            return false
        }
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for number in 0..<1000 { worker.submit(thread * 1000 + number) }
        }
        worker.stop()
        worker.join()
        let jobs = done.withLockedValue { $0 }
        #expect(jobs.count == 4000)
        for thread in 0..<4 {
            #expect(
                jobs.filter { $0 / 1000 == thread }
                    == Array(thread * 1000..<thread * 1000 + 1000))
        }
    }

    @Test func `jobs that gather while the worker is busy come in one go`() async throws {
        let rounds = NIOLockedValueBox<[[Int]]>([])
        let gate = DispatchSemaphore(value: 0)
        let worker = SerialWorker<Int>(name: "test") { jobs in
            let isFirst = rounds.withLockedValue { rounds in
                rounds.append(jobs)
                return rounds.count == 1
            }
            if isFirst { gate.wait() }
            return false
        }
        worker.submit(0)
        _ = try await eventually("the first job runs") {
            rounds.withLockedValue { $0.isEmpty } ? nil : true
        }
        for job in 1...50 { worker.submit(job) }
        worker.stop()
        gate.signal()
        worker.join()
        #expect(rounds.withLockedValue { $0 } == [[0], Array(1...50)])
    }

    @Test func `a job handed over after the stop is refused`() {
        let done = NIOLockedValueBox<[Int]>([])
        let worker = SerialWorker<Int>(name: "test") { jobs in
            done.withLockedValue { $0 += jobs }
            return false
        }
        worker.submit(1)
        worker.stop()
        #expect(worker.submit(2) == false)
        worker.join()
        #expect(worker.submit(3) == false)
        #expect(done.withLockedValue { $0 } == [1])
    }

    @Test func `the worker is called again until it has nothing to try again`() async throws {
        let rounds = NIOLockedValueBox<[Int]>([])
        let worker = SerialWorker<Int>(
            name: "test", retryInterval: .milliseconds(5)
        ) { jobs in
            rounds.withLockedValue { rounds in
                rounds.append(jobs.count)
                return rounds.count < 4
            }
        }
        worker.submit(1)
        _ = try await eventually("three further calls") {
            rounds.withLockedValue { $0.count } == 4 ? true : nil
        }
        worker.submit(2)
        worker.stop()
        worker.join()
        #expect(rounds.withLockedValue { $0 } == [1, 0, 0, 0, 1])
    }

    @Test func `a new job and the stop don't wait for the next try`() {
        let done = NIOLockedValueBox<[Int]>([])
        let worker = SerialWorker<Int>(name: "test", retryInterval: .seconds(3600)) { jobs in
            done.withLockedValue { $0 += jobs }
            return true
        }
        worker.submit(1)
        worker.submit(2)
        worker.stop()
        worker.join()
        #expect(done.withLockedValue { $0 } == [1, 2])
    }

    @Test func `a job is done on the caller's thread when the worker has nothing to do`()
        async throws
    {
        let isCaller = NIOLockedValueBox<[Bool]>([])
        let worker = SerialWorker<Int>(name: "test") { jobs in
            let isMarked = Thread.current.threadDictionary[Self.mark] != nil
            isCaller.withLockedValue { $0 += jobs.map { _ in isMarked } }
            return false
        }
        _ = try await eventually("the worker sleeps") { worker.isIdle ? true : nil }
        #expect(borrow(worker))
        #expect(worker.isIdle)
        worker.submit(2)
        worker.stop()
        worker.join()
        #expect(isCaller.withLockedValue { $0 } == [true, false])
    }

    /// What a caller's thread is known by. Its name wouldn't do: Foundation drops a name that is set
    /// before `start()` has returned on the other thread.
    private static let mark = "caller"

    /// Hands a job to a worker on a marked thread.
    private func borrow(_ worker: SerialWorker<Int>, if condition: Bool = true) -> Bool {
        let isDone = NIOLockedValueBox(false)
        let ended = DispatchSemaphore(value: 0)
        let thread = Thread {
            Thread.current.threadDictionary[Self.mark] = true
            let done = worker.runHere(1) { condition }
            isDone.withLockedValue { $0 = done }
            ended.signal()
        }
        thread.start()
        ended.wait()
        return isDone.withLockedValue { $0 }
    }

    @Test func `nothing is done on the caller's thread when the condition doesn't hold`()
        async throws
    {
        let done = NIOLockedValueBox<[Int]>([])
        let worker = SerialWorker<Int>(name: "test") { jobs in
            done.withLockedValue { $0 += jobs }
            return false
        }
        _ = try await eventually("the worker sleeps") { worker.isIdle ? true : nil }
        #expect(!borrow(worker, if: false))
        #expect(worker.isIdle)
        worker.submit(2)
        worker.stop()
        worker.join()
        #expect(done.withLockedValue { $0 } == [2])
    }

    @Test func `a worker that has something to do, or to try again, or stops, does it itself`()
        async throws
    {
        let gate = DispatchSemaphore(value: 0)
        let rounds = NIOLockedValueBox(0)
        let worker = SerialWorker<Int>(name: "test", retryInterval: .seconds(3600)) { jobs in
            let isFirst = rounds.withLockedValue { rounds in
                rounds += 1
                return rounds == 1
            }
            if isFirst { gate.wait() }
            return rounds.withLockedValue { $0 } == 2
        }
        worker.submit(0)
        _ = try await eventually("the job runs") {
            rounds.withLockedValue { $0 == 1 ? true : nil }
        }
        #expect(!worker.isIdle)
        #expect(!worker.runHere(1))
        gate.signal()
        _ = try await eventually("the worker sleeps") { worker.isIdle ? true : nil }
        // The second round asks to be called again.
        #expect(worker.runHere(1))
        #expect(!worker.isIdle)
        #expect(!worker.runHere(1))
        worker.stop()
        #expect(!worker.runHere(1))
        worker.join()
        #expect(rounds.withLockedValue { $0 } == 2)
    }

    @Test func `jobs that come while another thread does one are done after it, by the worker`()
        async throws
    {
        let done = NIOLockedValueBox<[Int]>([])
        let entered = DispatchSemaphore(value: 0)
        let gate = DispatchSemaphore(value: 0)
        let worker = SerialWorker<Int>(name: "test") { jobs in
            if jobs == [1] {
                entered.signal()
                gate.wait()
            }
            done.withLockedValue { $0 += jobs }
            return false
        }
        _ = try await eventually("the worker sleeps") { worker.isIdle ? true : nil }
        let borrowed = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            #expect(worker.runHere(1))
            borrowed.signal()
        }
        entered.wait()
        worker.submit(2)
        worker.submit(3)
        worker.stop()
        #expect(done.withLockedValue { $0 } == [])
        gate.signal()
        borrowed.wait()
        worker.join()
        #expect(done.withLockedValue { $0 } == [1, 2, 3])
    }
}
