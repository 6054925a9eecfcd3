internal import MarbleRaft

/// A node's own monotonic clock: it starts anywhere and runs a little fast.
struct NodeClock {
    private let origin: UInt64
    private let skewPerMille: UInt64

    init(origin: UInt64, skewPerMille: UInt64) {
        self.origin = origin
        self.skewPerMille = skewPerMille
    }

    func instant(at time: VirtualNanoseconds) -> RaftInstant {
        RaftInstant(nanoseconds: origin + time + time / 1000 * skewPerMille)
    }

    /// A time at which the clock has reached `instant`, at most a few microseconds late.
    func time(of instant: RaftInstant) -> VirtualNanoseconds {
        guard instant.nanoseconds > origin else { return 0 }
        let elapsed = instant.nanoseconds - origin
        guard elapsed < .max / 1000 else { return .max }
        return elapsed * 1000 / (1000 + skewPerMille) + 2000
    }
}
