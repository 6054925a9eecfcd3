/// A signed 256-bit integer: the unscaled value of a 256-bit decimal.
public struct ArrowInt256: Sendable, Hashable, Comparable {
    /// The upper half, which has the sign.
    public var high: Int128
    /// The lower half.
    public var low: UInt128

    /// Makes an integer of its halves.
    public init(high: Int128, low: UInt128) {
        self.high = high
        self.low = low
    }

    /// Makes an integer of a smaller one.
    public init(_ value: Int128) {
        high = value < 0 ? -1 : 0
        low = UInt128(truncatingIfNeeded: value)
    }

    /// The value as a smaller integer, or nil if it doesn't fit.
    public var int128: Int128? {
        let value = Int128(truncatingIfNeeded: low)
        return high == (value < 0 ? -1 : 0) ? value : nil
    }

    public static func < (left: ArrowInt256, right: ArrowInt256) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}

extension ArrowInt256: CustomStringConvertible {
    /// The value in decimal digits.
    public var description: String {
        if let int128 { return String(int128) }
        let isNegative = high < 0
        var words = magnitudeWords
        var groups: [String] = []
        while words.contains(where: { $0 != 0 }) {
            var rest: UInt64 = 0
            for index in words.indices.reversed() {
                (words[index], rest) = Self.group.dividingFullWidth((rest, words[index]))
            }
            groups.append(String(rest))
        }
        let padded = groups.enumerated().map { position, digits in
            position == groups.count - 1
                ? digits : String(repeating: "0", count: 18 - digits.count) + digits
        }
        return (isNegative ? "-" : "") + padded.reversed().joined()
    }

    /// Eighteen digits are written at a time.
    private static let group: UInt64 = 1_000_000_000_000_000_000

    /// The absolute value in words of 64 bits, the least one first.
    private var magnitudeWords: [UInt64] {
        var (upper, lower) = (UInt128(truncatingIfNeeded: high), low)
        if high < 0 {
            lower = ~lower &+ 1
            upper = ~upper &+ (lower == 0 ? 1 : 0)
        }
        return [lower, lower >> 64, upper, upper >> 64].map { UInt64(truncatingIfNeeded: $0) }
    }
}
