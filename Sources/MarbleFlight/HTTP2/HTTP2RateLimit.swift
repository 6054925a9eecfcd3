import NIOCore

/// How often a peer may do what costs it less than this side: so many times in each half minute.
struct HTTP2RateLimit {
    private static let period = TimeAmount.seconds(30)

    private let countMax: Int
    private var count = 0
    private var periodEnd = NIODeadline.uptimeNanoseconds(0)

    init(countMax: Int) {
        self.countMax = countMax
    }

    /// Counts once.
    /// - Returns: whether that was within the limit.
    mutating func allows(at now: NIODeadline) -> Bool {
        if now >= periodEnd {
            periodEnd = now + Self.period
            count = 0
        }
        count += 1
        return count <= countMax
    }
}
