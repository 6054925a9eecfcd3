/// A moment of the driver's monotonic clock. The core has no clock: every input that depends on
/// time is told what time it is.
public struct RaftInstant: Comparable, Hashable, Sendable {
    /// Nanoseconds since an origin that the driver chooses and keeps.
    public var nanoseconds: UInt64

    /// Creates the instant `nanoseconds` after the driver's origin.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// The instant `duration` later; saturates at the ends of the range.
    public func advanced(by duration: Duration) -> RaftInstant {
        let (seconds, attoseconds) = duration.components
        if seconds < 0 || attoseconds < 0 {
            let magnitude = Self.nanoseconds(in: .zero - duration)
            return RaftInstant(nanoseconds: nanoseconds - min(nanoseconds, magnitude))
        }
        return advanced(byNanoseconds: Self.nanoseconds(in: duration))
    }

    /// True when `lhs` is before `rhs`.
    public static func < (lhs: RaftInstant, rhs: RaftInstant) -> Bool {
        lhs.nanoseconds < rhs.nanoseconds
    }

    func advanced(byNanoseconds count: UInt64) -> RaftInstant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(count)
        return RaftInstant(nanoseconds: overflow ? .max : sum)
    }

    /// A duration in nanoseconds, 0 for a negative one, saturating for one beyond the range.
    static func nanoseconds(in duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return .max }
        let (sum, sumOverflow) = product.addingReportingOverflow(
            UInt64(attoseconds) / 1_000_000_000)
        return sumOverflow ? .max : sum
    }
}
