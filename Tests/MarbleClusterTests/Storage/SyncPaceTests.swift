import Testing

@testable import MarbleCluster

@Suite("SyncPace")
struct SyncPaceTests {
    private static let microsecond: UInt64 = 1000
    private static let millisecond: UInt64 = 1_000_000

    private func pace(after takenNanoseconds: [UInt64], now: inout UInt64) -> SyncPace {
        var pace = SyncPace()
        for taken in takenNanoseconds {
            pace.synced(from: now, to: now + taken)
            now += taken
        }
        return pace
    }

    @Test func `a disk isn't trusted before it has shown that it is fast`() {
        var now: UInt64 = 0
        #expect(!SyncPace().isFast(nowNanoseconds: now))
        var pace = SyncPace()
        var syncCount = 0
        while !pace.isFast(nowNanoseconds: now), syncCount < 100 {
            pace.synced(from: now, to: now + 100 * Self.microsecond)
            now += 100 * Self.microsecond
            syncCount += 1
        }
        #expect(syncCount > 3)
        #expect(syncCount < 30)
    }

    @Test func `a disk that takes longer than a hand-over is left to its thread`() {
        var now: UInt64 = 0
        let slow = [UInt64](repeating: 500 * Self.microsecond, count: 100)
        #expect(!pace(after: slow, now: &now).isFast(nowNanoseconds: now))
        let fast = [UInt64](repeating: 300 * Self.microsecond, count: 100)
        #expect(pace(after: fast, now: &now).isFast(nowNanoseconds: now))
    }

    @Test func `one slow sync ends the trust for a while, and not for ever`() {
        var now: UInt64 = 0
        let fast = [UInt64](repeating: 100 * Self.microsecond, count: 50)
        let pace = pace(after: fast + [3 * Self.millisecond], now: &now)
        #expect(!pace.isFast(nowNanoseconds: now))
        #expect(!pace.isFast(nowNanoseconds: now + 199 * Self.millisecond))
        #expect(pace.isFast(nowNanoseconds: now + 200 * Self.millisecond))
    }

    @Test func `a clock that stands still or goes back does no harm`() {
        var pace = SyncPace()
        pace.synced(from: 5, to: 5)
        pace.synced(from: 5, to: 1)
        pace.synced(from: 0, to: .max)
        #expect(!pace.isFast(nowNanoseconds: 1))
    }
}
