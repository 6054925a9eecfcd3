import Histogram
import MarbleFlight
import NIOCore

/// Counts what a load's clients complete between two points in time. Bound to the load's event loop.
final class LoadMeter {
    private static let latencyNanosecondsMax: UInt64 = 3_600_000_000_000

    /// From here on operations count.
    let begin: NIODeadline
    /// From here on no operation is started, and those that complete count only where said.
    let end: NIODeadline
    private(set) var completedCount = 0
    private(set) var errorCount = 0
    private(set) var firstError: FlightError?
    private(set) var lastCompletion: NIODeadline
    private var latencies = Histogram<UInt64>(highestTrackableValue: latencyNanosecondsMax)

    init(begin: NIODeadline, end: NIODeadline) {
        self.begin = begin
        self.end = end
        lastCompletion = begin
    }

    /// Whether more is to be started.
    func isOver(at now: NIODeadline) -> Bool {
        now >= end
    }

    /// An operation of a closed loop: it counts if it completed in the measured time.
    func record(startedAt start: NIODeadline, completedAt now: NIODeadline) {
        guard now >= begin, now < end else { return }
        add(start, now)
    }

    /// An operation of an open loop: it counts if it was due in the measured time, however late it
    /// completes.
    func record(dueAt due: NIODeadline, completedAt now: NIODeadline) {
        guard due >= begin else { return }
        add(due, now)
    }

    private func add(_ start: NIODeadline, _ now: NIODeadline) {
        completedCount += 1
        lastCompletion = now
        let nanoseconds = now.uptimeNanoseconds - min(start, now).uptimeNanoseconds
        latencies.record(min(nanoseconds, Self.latencyNanosecondsMax))
    }

    func fail(_ count: Int, _ error: FlightError) {
        errorCount += count
        if firstError == nil { firstError = error }
    }

    /// The latency that this share of the operations doesn't exceed. Microseconds.
    func latency(percentile: Double) -> Double {
        Double(latencies.valueAtPercentile(percentile)) / 1e3
    }
}
