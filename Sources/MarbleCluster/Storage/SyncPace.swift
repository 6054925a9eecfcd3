/// How fast the disk has synced of late: whether a thread with other things to do may wait for it.
///
/// A disk has to show that it is fast before it is trusted, and one slow sync is enough to lose the
/// trust for a while.
struct SyncPace {
    /// About what handing a write to another thread and back takes under load.
    static let usualNanosecondsMax: UInt64 = 400_000
    /// A wait that long delays others on the loop, so it shouldn't come twice in a row.
    static let slowNanoseconds: UInt64 = 2_000_000
    /// How long nothing is tried after a slow sync.
    static let restNanoseconds: UInt64 = 200_000_000

    /// The mean of the last syncs, where each newer one weighs an eighth.
    private var usualNanoseconds = 4 * SyncPace.usualNanosecondsMax
    private var restsUntil: UInt64 = 0

    mutating func synced(from beganNanoseconds: UInt64, to endedNanoseconds: UInt64) {
        let taken = endedNanoseconds > beganNanoseconds ? endedNanoseconds - beganNanoseconds : 0
        if taken >= Self.slowNanoseconds { restsUntil = endedNanoseconds &+ Self.restNanoseconds }
        usualNanoseconds = (usualNanoseconds * 7 + min(taken, Self.slowNanoseconds)) / 8
    }

    func isFast(nowNanoseconds: UInt64) -> Bool {
        usualNanoseconds <= Self.usualNanosecondsMax && nowNanoseconds >= restsUntil
    }
}
