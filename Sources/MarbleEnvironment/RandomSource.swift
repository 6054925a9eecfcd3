/// The port to randomness: one that is seeded replays a run exactly.
package protocol RandomSource: RandomNumberGenerator, Sendable {}

extension RandomSource {
    /// A number in `0..<bound`, by multiplication (Lemire 2019); `bound` is at least 1. The bias is
    /// below bound / 2^64.
    package mutating func next(below bound: UInt64) -> UInt64 {
        precondition(bound > 0, "no number is below 0")
        return next().multipliedFullWidth(by: bound).high
    }

    /// True `numerator` times out of `denominator`.
    package mutating func chance(_ numerator: UInt64, in denominator: UInt64) -> Bool {
        next(below: denominator) < numerator
    }
}

/// The operating system's randomness.
package struct SystemRandom: RandomSource {
    private var generator = SystemRandomNumberGenerator()

    package init() {}

    package mutating func next() -> UInt64 { generator.next() }
}

/// A small generator that gives the same numbers for the same seed on every machine
/// (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
package struct SplitMix64: RandomSource {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A generator whose numbers are independent of what this one gives from here on.
    package mutating func split() -> SplitMix64 { SplitMix64(seed: next()) }
}
