import Testing

@testable import MarbleRaft

@Suite("Instants")
struct RaftInstantTests {
    @Test("Time goes forth and back by durations, and stays in its range")
    func advances() {
        let start = RaftInstant(nanoseconds: 2_000_000_000)
        #expect(start.advanced(by: .milliseconds(1500)).nanoseconds == 3_500_000_000)
        #expect(start.advanced(by: .milliseconds(-1500)).nanoseconds == 500_000_000)
        #expect(start.advanced(by: .seconds(-3)).nanoseconds == 0)
        #expect(start.advanced(by: .seconds(Int64.max)).nanoseconds == .max)
        #expect(start.advanced(by: .seconds(Int64.min / 2)).nanoseconds == 0)
        #expect(start < start.advanced(by: .nanoseconds(1)))
    }
}
