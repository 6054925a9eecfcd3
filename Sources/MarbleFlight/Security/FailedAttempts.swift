import NIOCore

/// Counts failed authentications by address, and says how long each has to wait for its answer.
struct FailedAttempts {
    private struct Entry {
        var count = 0
        var last = NIODeadline.uptimeNanoseconds(0)
    }

    /// Failures that are older than this are forgotten.
    static let memory = TimeAmount.seconds(60)
    private static let delayMin = TimeAmount.milliseconds(50)
    private static let delayMax = TimeAmount.seconds(1)
    private static let addressesMax = 4096

    private var entries: [String: Entry] = [:]
    /// The addresses that are remembered.
    var addressCount: Int { entries.count }

    /// - Returns: how many failures in a row the address has had, and what the answer should wait.
    mutating func failed(_ address: String, now: NIODeadline) -> (count: Int, delay: TimeAmount) {
        makeRoom(now)
        var entry = entries[address] ?? Entry()
        if now - entry.last > Self.memory { entry.count = 0 }
        entry.count += 1
        entry.last = now
        entries[address] = entry
        let doublings = min(entry.count - 1, 10)
        let delay = TimeAmount.nanoseconds(Self.delayMin.nanoseconds << Int64(doublings))
        return (entry.count, min(delay, Self.delayMax))
    }

    private mutating func makeRoom(_ now: NIODeadline) {
        guard entries.count >= Self.addressesMax else { return }
        entries = entries.filter { now - $0.value.last <= Self.memory }
        // So many addresses at once are not slowed down by delays anyway.
        if entries.count >= Self.addressesMax { entries.removeAll() }
    }
}
