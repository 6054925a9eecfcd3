import MarbleRaft
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MarbleCluster

@Suite("PendingReads")
struct PendingReadsTests {
    /// Remembers what was sent; nothing else happens.
    private final class Ports: RaftDriverPorts {
        private(set) var sent: [RaftMessage] = []

        /// The contexts of the reads that the leader was asked for.
        var contexts: [UInt64] {
            sent.compactMap {
                if case .readIndexRequest(let context) = $0.body { context } else { nil }
            }
        }

        func write(_ write: RaftLogWrite) {}
        func read(_ read: RaftLogRead) {}
        func send(_ batch: RaftBatch, to peer: RaftNodeID) -> Bool {
            sent += batch.messages
            return true
        }
        func apply(_ entries: [RaftEntry], through: RaftIndex) {}
        func makeSnapshot(index: RaftIndex, term: RaftTerm) {}
        func installSnapshot(from peer: RaftNodeID, index: RaftIndex, term: RaftTerm) {}
        func roleChanged(role: RaftRole, term: RaftTerm, leader: RaftNodeID?) {}
    }

    /// Node 1 of three, which follows node 2 in term 1.
    private struct Follower {
        let ports = Ports()
        let driver: RaftDriver
        let answers = NIOLockedValueBox<[Result<RaftIndex, RaftError>]>([])
        var now = RaftInstant(nanoseconds: 1_000_000_000)

        init(seed: UInt64) {
            var configuration = RaftDriver.Configuration(
                core: RaftCoreConfiguration(nodeID: 1, voters: [1, 2, 3], seed: seed),
                snapshotDistance: 1000, trailingEntryCount: 1000)
            configuration.core.electionTimeout = .milliseconds(1000)
            configuration.core.heartbeatInterval = .milliseconds(100)
            driver = RaftDriver(
                configuration: configuration,
                recovered: RaftDriver.Recovered(
                    hardState: RaftHardState(term: 1), log: RaftLogSummary(), snapshotIndex: 0,
                    appliedIndex: 0),
                ports: ports, now: now)
            hear(.heartbeat(commitIndex: 0, readSequence: 0))
        }

        func hear(_ body: RaftMessage.Body) {
            let message = RaftMessage(from: 2, to: 1, term: 1, body: body)
            driver.receive(RaftBatch(messages: [message]), now: now)
            driver.flush(now: now)
        }

        func read() {
            let answers = answers
            driver.readIndex(now: now) { answer in
                answers.withLockedValue { $0.append(answer) }
            }
        }

        mutating func pass(_ time: Duration) {
            now = now.advanced(by: time)
            driver.tick(now: now)
            driver.flush(now: now)
        }

        var outcomes: [String] {
            answers.withLockedValue { answers in
                answers.map {
                    switch $0 {
                    case .success(let index): "\(index)"
                    case .failure(let error): error.code.rawValue
                    }
                }
            }
        }
    }

    @Test func `the leader's answer confirms all reads that it was asked for`() {
        let follower = Follower(seed: 1)
        follower.read()
        follower.read()
        follower.driver.flush(now: follower.now)
        #expect(follower.ports.contexts.count == 1)
        #expect(follower.outcomes == [])
        follower.hear(.readIndexResponse(context: follower.ports.contexts[0], index: 0))
        #expect(follower.outcomes == ["0", "0"])
    }

    @Test func `an answer to a read of an earlier run doesn't confirm a later one`() {
        let crashed = Follower(seed: 0x1234_5678_9ABC)
        crashed.read()
        crashed.driver.flush(now: crashed.now)
        let restarted = Follower(seed: 0x9876_5432_1000)
        restarted.read()
        restarted.driver.flush(now: restarted.now)
        restarted.hear(.readIndexResponse(context: crashed.ports.contexts[0], index: 0))
        #expect(restarted.outcomes == [])
        restarted.hear(.readIndexResponse(context: restarted.ports.contexts[0], index: 0))
        #expect(restarted.outcomes == ["0"])
    }

    @Test func `a read that began after the question needs another answer`() {
        let follower = Follower(seed: 1)
        follower.read()
        follower.driver.flush(now: follower.now)
        follower.read()
        follower.driver.flush(now: follower.now)
        let contexts = follower.ports.contexts
        #expect(Set(contexts).count == 2)
        follower.hear(.readIndexResponse(context: contexts[0], index: 0))
        #expect(follower.outcomes == ["0"])
        follower.hear(.readIndexResponse(context: contexts[0], index: 0))
        #expect(follower.outcomes == ["0"])
    }

    @Test func `a confirmed read waits for the state machine`() {
        let follower = Follower(seed: 1)
        follower.read()
        follower.driver.flush(now: follower.now)
        follower.hear(.readIndexResponse(context: follower.ports.contexts[0], index: 2))
        #expect(follower.outcomes == [])
        let append = RaftAppend(
            previousIndex: 0, previousTerm: 0,
            termRuns: [RaftTermRun(firstIndex: 1, term: 1)], lastIndex: 2, commitIndex: 2)
        follower.driver.receive(
            RaftBatch(
                messages: [RaftMessage(from: 2, to: 1, term: 1, body: .appendRequest(append))],
                entries: entries(1...2, term: 1)),
            now: follower.now)
        follower.driver.flush(now: follower.now)
        #expect(follower.outcomes == [])
        follower.driver.applied(
            outcomes: [ByteBuffer(), ByteBuffer()], now: follower.now)
        #expect(follower.outcomes == ["2"])
    }

    @Test func `a read that isn't answered is asked again and given up in the end`() {
        var follower = Follower(seed: 1)
        follower.read()
        follower.driver.flush(now: follower.now)
        let context = follower.ports.contexts[0]
        follower.hear(.readIndexResponse(context: context, index: nil))
        follower.pass(.milliseconds(201))
        #expect(follower.ports.contexts == [context, context])
        #expect(follower.outcomes == [])
        for _ in 0..<10 { follower.pass(.milliseconds(201)) }
        #expect(follower.outcomes == ["unavailable"])
        #expect(follower.ports.contexts.count > 2)
    }

    @Test func `reads end with the driver`() {
        let follower = Follower(seed: 1)
        follower.read()
        follower.driver.flush(now: follower.now)
        follower.read()
        follower.driver.stop()
        #expect(follower.outcomes == ["stopped", "stopped"])
    }
}
