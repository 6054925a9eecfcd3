import CoreMetrics
import Synchronization

/// A count that only grows.
final class CounterInstrument: CounterHandler, MetricInstrument {
    private let count = Atomic<Int64>(0)

    var value: MetricValue { .number(Double(count.load(ordering: .relaxed))) }

    func increment(by amount: Int64) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() {
        count.store(0, ordering: .relaxed)
    }
}

/// A sum that only grows, of parts that aren't whole.
final class FloatingPointCounterInstrument: FloatingPointCounterHandler, MetricInstrument {
    private let sum = AtomicDouble()

    var value: MetricValue { .number(sum.value) }

    func increment(by amount: Double) { sum.add(amount) }

    func reset() { sum.set(0) }
}
