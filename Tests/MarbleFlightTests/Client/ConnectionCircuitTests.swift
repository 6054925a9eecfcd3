import NIOCore
import Testing

@testable import MarbleFlight

struct ConnectionCircuitTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let refused = FlightError(.unavailable, "connection refused")

    private func circuit(failuresToOpen: Int = 3) -> ConnectionCircuit {
        ConnectionCircuit(
            backoff: FlightBackoff(
                pauseMin: .milliseconds(100), pauseMax: .seconds(1), multiplier: 2, jitter: 0.2),
            failuresToOpen: failuresToOpen)
    }

    private func opened() -> ConnectionCircuit {
        var circuit = circuit()
        for _ in 0..<3 { circuit.failed(refused, now: start, random: 0.5) }
        return circuit
    }

    @Test func `fewer failures than the limit let every call try`() {
        var circuit = circuit()
        for count in 1...2 {
            circuit.failed(refused, now: start, random: 0.5)
            #expect(circuit.state == .closed)
            #expect(circuit.failureCount == count)
            #expect(circuit.mayConnect(now: start) == .granted)
        }
        #expect(circuit.nextAttempt == start + .milliseconds(200))
    }

    @Test func `failures up to the limit open it for a pause`() {
        var circuit = opened()
        let until = start + .milliseconds(400)
        #expect(circuit.state == .open(until: until))
        #expect(circuit.mayConnect(now: until - .nanoseconds(1)) == .refused(until: until))
        #expect(circuit.lastFailure?.message == "connection refused")
    }

    @Test func `after the pause it is half open, and success closes it`() {
        var circuit = opened()
        #expect(circuit.mayConnect(now: start + .milliseconds(400)) == .granted)
        #expect(circuit.state == .halfOpen)
        circuit.succeeded()
        #expect(circuit.state == .closed)
        #expect(circuit.failureCount == 0)
        #expect(circuit.lastFailure == nil)
    }

    @Test func `half open, a failure opens it for a longer pause`() {
        var circuit = opened()
        let later = start + .seconds(1)
        _ = circuit.mayConnect(now: later)
        circuit.failed(refused, now: later, random: 0.5)
        #expect(circuit.state == .open(until: later + .milliseconds(800)))
    }

    @Test func `an attempt that fails after it opened doesn't lengthen the pause`() {
        var circuit = opened()
        let before = circuit.state
        circuit.failed(refused, now: start + .milliseconds(300), random: 1)
        #expect(circuit.state == before)
        #expect(circuit.failureCount == 3)
    }

    @Test func `with a limit out of reach it never opens`() {
        var circuit = circuit(failuresToOpen: .max)
        for _ in 0..<1000 { circuit.failed(refused, now: start, random: 0.5) }
        #expect(circuit.mayConnect(now: start) == .granted)
    }
}
