import MarbleRaft
import Testing

@testable import MarbleSimulator

@Suite struct NodeClockTests {
    @Test(arguments: [0, 1, 100] as [UInt64])
    func `a clock has reached an instant at the time that it names for it`(skew: UInt64) {
        let clock = NodeClock(origin: 1 << 40, skewPerMille: skew)
        for time in stride(from: UInt64(0), to: 10_000_000_000, by: 123_456_789) {
            let instant = clock.instant(at: time)
            let found = clock.time(of: instant)
            #expect(clock.instant(at: found) >= instant)
            #expect(found <= time + 10_000)
        }
    }

    @Test func `an instant before the clock's origin is past`() {
        let clock = NodeClock(origin: 100, skewPerMille: 0)
        #expect(clock.time(of: RaftInstant(nanoseconds: 7)) == 0)
    }
}
