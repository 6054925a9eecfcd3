import MarbleFlight
import Testing

struct FlightBackoffTests {
    private let backoff = FlightBackoff(
        pauseMin: .milliseconds(100), pauseMax: .seconds(1), multiplier: 2, jitter: 0.2)

    @Test func `pauses grow up to the longest`() {
        let pauses = (1...6).map { backoff.pause(after: $0, random: 0.5) }
        #expect(
            pauses == [
                .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800),
                .seconds(1), .seconds(1),
            ])
    }

    @Test func `chance moves a pause by its share and no further`() {
        #expect(backoff.pause(after: 1, random: 0) == .milliseconds(80))
        #expect(backoff.pause(after: 1, random: 1) == .milliseconds(120))
        #expect(backoff.pause(after: 1000, random: 1) == .milliseconds(1200))
    }

    @Test func `a multiplier of one leaves all pauses the same`() {
        let even = FlightBackoff(pauseMin: .milliseconds(5), multiplier: 1, jitter: 0)
        #expect(even.pause(after: .max, random: 0.3) == .milliseconds(5))
    }
}
