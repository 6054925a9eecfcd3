/// Pauses between attempts, each longer than the last, with chance in them so that many clients of one
/// server don't come back at the same moment.
///
/// Source: gRPC, `doc/connection-backoff.md`.
public struct FlightBackoff: Sendable, Hashable {
    /// The pause after the first failure.
    public var pauseMin: Duration
    /// The longest pause, before chance is added.
    public var pauseMax: Duration
    /// How many times longer a pause is than the one before.
    public var multiplier: Double
    /// The part of a pause that is left to chance: 0.2 makes it 80 % to 120 %.
    public var jitter: Double

    /// Makes a row of pauses.
    public init(
        pauseMin: Duration = .milliseconds(50), pauseMax: Duration = .seconds(5),
        multiplier: Double = 1.6, jitter: Double = 0.2
    ) {
        self.pauseMin = pauseMin
        self.pauseMax = pauseMax
        self.multiplier = multiplier
        self.jitter = jitter
    }

    /// The pause after so many failures in a row.
    /// - Parameters:
    ///   - failureCount: 1 or more.
    ///   - random: A number from 0 to 1 that says where in the range of chance the pause lies.
    public func pause(after failureCount: Int, random: Double) -> Duration {
        var pause = pauseMin
        var count = 1
        while count < failureCount, pause < pauseMax, multiplier > 1 {
            pause = pause * multiplier
            count += 1
        }
        return min(pause, pauseMax) * (1 + jitter * (2 * random - 1))
    }
}
