import Dispatch
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
}
