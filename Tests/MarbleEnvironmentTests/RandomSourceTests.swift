import MarbleEnvironment
import Testing

@Suite("Randomness and time")
struct RandomSourceTests {
    @Test("SplitMix64 gives the published numbers")
    func published() {
        var random = SplitMix64(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
    }

    @Test("a bounded number is below its bound, and reaches all below it")
    func bounded() {
        var random = SplitMix64(seed: 5)
        var seen: Set<UInt64> = []
        for _ in 0..<1000 { seen.insert(random.next(below: 7)) }
        #expect(seen == Set(0..<7))
    }

    @Test("the system's source doesn't repeat itself")
    func system() {
        var random = SystemRandom()
        #expect(random.next() != random.next())
    }

    @Test("the monotonic clock doesn't go back")
    func clock() {
        let clock = SystemMonotonicClock()
        var before = clock.nowNanoseconds()
        for _ in 0..<1000 {
            let now = clock.nowNanoseconds()
            #expect(now >= before)
            before = now
        }
    }
}
