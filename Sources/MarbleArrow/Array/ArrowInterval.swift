/// A length of time by the calendar: months, days and nanoseconds are counted apart, as none of
/// them is always as long as so many of another.
public struct ArrowInterval: Sendable, Hashable {
    /// How many months; 12 are a year.
    public var months: Int32
    /// How many days.
    public var days: Int32
    /// How many nanoseconds.
    public var nanoseconds: Int64

    /// Makes an interval.
    public init(months: Int32 = 0, days: Int32 = 0, nanoseconds: Int64 = 0) {
        self.months = months
        self.days = days
        self.nanoseconds = nanoseconds
    }
}
