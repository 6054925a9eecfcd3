import CoreMetrics
import Synchronization

/// Counts values by size.
final class HistogramInstrument: TimerHandler, RecorderHandler, MetricInstrument,
    @unchecked Sendable
{
    // Sendable: the pointer is set once, and what it points to is atomic.

    private let bounds: [Double]
    /// One for each bound, and one for what is above the last.
    private let counts: UnsafeMutablePointer<Atomic<UInt64>>
    private let sum = AtomicDouble()

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = .allocate(capacity: bounds.count + 1)
        for index in 0...bounds.count { (counts + index).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: bounds.count + 1)
        counts.deallocate()
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard !value.isNaN else { return }
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if value <= bounds[middle] { high = middle } else { low = middle + 1 }
        }
        counts[low].wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    var value: MetricValue {
        var total: UInt64 = 0
        let buckets = (0...bounds.count).map { index in
            total += counts[index].load(ordering: .relaxed)
            return MetricBucket(
                upperBound: index < bounds.count ? bounds[index] : .infinity, count: total)
        }
        return .histogram(buckets: buckets, sum: sum.value)
    }
}
