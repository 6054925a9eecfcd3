import CoreMetrics
import Synchronization

/// A backend for swift-metrics that keeps everything in this process, to be shown as Prometheus's text.
///
/// ```swift
/// let registry = MetricsRegistry()
/// MetricsSystem.bootstrap(registry)
/// Counter(label: "requests", dimensions: [("method", "get")]).increment()
/// print(registry.prometheusText())
/// ```
///
/// Recording takes no lock and allocates nothing: counters and gauges are one atomic each, histograms two
/// and one for each bucket. Making an instrument takes a lock; make it once and keep it. Instruments with
/// the same label and dimensions are the same one.
///
/// Names follow Prometheus: characters that it doesn't know become `_`, counters end in `_total`, timers in
/// `_seconds`.
public final class MetricsRegistry: Sendable {
    private struct State {
        var families: [MetricFamily.Key: Family] = [:]
        var help: [String: String] = [:]
        var buckets: [String: [Double]] = [:]
    }

    private struct Family {
        var name: String
        var label: String
        var instruments: [MetricLabels: any MetricInstrument] = [:]
    }

    /// The upper bounds of a timer's buckets unless others are set. Seconds.
    public static let timerBuckets: [Double] = [
        0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05,
        0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// The upper bounds of a recorder's buckets unless others are set: powers of ten.
    public static let recorderBuckets: [Double] = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
    ]

    private let state = Mutex(State())

    /// Makes a registry without metrics.
    public init() {}

    /// Says what a metric means, for its `HELP` line.
    /// - Parameter label: As instruments are made with.
    public func describe(_ label: String, _ help: String) {
        state.withLock { $0.help[label] = help }
    }

    /// Sets the upper bounds of the buckets of a timer (in seconds) or recorder, before its first instrument
    /// is made. Another bucket, for what is above the last, is always there.
    public func setBuckets(_ bounds: [Double], for label: String) {
        state.withLock { $0.buckets[label] = bounds.filter(\.isFinite).sorted() }
    }

    /// All metrics as they are now, sorted by name and labels.
    public func families() -> [MetricFamily] {
        let (families, help) = state.withLock { ($0.families, $0.help) }
        return families.map { key, family in
            let samples = family.instruments.map { labels, instrument in
                MetricFamily.Sample(labels: labels.pairs, value: instrument.value)
            }
            return MetricFamily(
                name: family.name, help: help[family.label] ?? "Recorded as \(family.label).",
                kind: key.kind, samples: samples.sorted { $0.precedes($1) })
        }.sorted { $0.name < $1.name }
    }

    /// The instrument of a label and dimensions; made by `make` the first time.
    func instrument<Instrument: MetricInstrument>(
        _ label: String, _ dimensions: [(String, String)], _ kind: MetricKind, suffix: String,
        make: ([Double]?) -> Instrument
    ) -> Instrument {
        let labels = MetricLabels(dimensions, isHistogram: kind == .histogram)
        let key = MetricFamily.Key(base: MetricName.of(label, suffix: suffix), kind: kind)
        return state.withLock { state in
            if let found = state.families[key]?.instruments[labels] as? Instrument { return found }
            let instrument = make(state.buckets[label])
            if state.families[key] == nil {
                // Prometheus knows one kind for each name.
                let isTaken = state.families.values.contains { $0.name == key.base }
                let name = isTaken ? "\(key.base)_\(kind.rawValue)" : key.base
                state.families[key] = Family(name: name, label: label)
            }
            state.families[key]?.instruments[labels] = instrument
            return instrument
        }
    }

    func remove(_ instrument: any MetricInstrument) {
        state.withLock { state in
            for (key, family) in state.families {
                guard let place = family.instruments.first(where: { $0.value === instrument })
                else { continue }
                state.families[key]?.instruments[place.key] = nil
                if family.instruments.count == 1 { state.families[key] = nil }
            }
        }
    }
}

/// What instruments have in common.
protocol MetricInstrument: AnyObject, Sendable {
    var value: MetricValue { get }
}
