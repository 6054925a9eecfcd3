import MarbleEnvironment
import Testing

@testable import MarbleSimulator

@Suite struct EventQueueTests {
    @Test func `events come in the order of time, and of scheduling within a time`() {
        var queue = EventQueue()
        var random = SplitMix64(seed: 1)
        var expected: [(due: UInt64, client: Int)] = []
        for client in 0..<500 {
            let due = random.next(below: 50)
            queue.schedule(.clientStart(client: client), at: due)
            expected.append((due, client))
        }
        expected.sort { $0.due == $1.due ? $0.client < $1.client : $0.due < $1.due }
        for item in expected {
            guard let (due, event) = queue.next(), case .clientStart(let client) = event else {
                Issue.record("the queue ends early")
                return
            }
            #expect(due == item.due)
            #expect(client == item.client)
        }
        #expect(queue.next() == nil)
    }

    @Test func `a place that an event has left is used again`() {
        var queue = EventQueue()
        for round in 0..<100 {
            queue.schedule(.fault, at: UInt64(round))
            queue.schedule(.clientStart(client: round), at: UInt64(round))
            #expect(queue.next()?.event.code == SimulationEvent.fault.code)
            #expect(queue.next()?.event.code == SimulationEvent.clientStart(client: 0).code)
        }
        #expect(queue.count == 0)
    }
}
