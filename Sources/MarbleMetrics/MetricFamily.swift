/// A metric with all its labelled values, as it was at one moment.
public struct MetricFamily: Sendable, Equatable {
    /// One labelled value.
    public struct Sample: Sendable, Equatable {
        /// Names and values of the labels, sorted by name.
        public var labels: [Label]
        /// What was recorded.
        public var value: MetricValue
    }

    /// A label of a sample.
    public struct Label: Sendable, Hashable {
        /// A name of letters, digits and `_`.
        public var name: String
        /// Any text.
        public var value: String
    }

    /// The name that Prometheus sees; samples of histograms add `_bucket`, `_sum` and `_count` to it.
    public var name: String
    /// What it means.
    public var help: String
    /// How its values behave.
    public var kind: MetricKind
    /// The values, sorted by labels.
    public var samples: [Sample]

    struct Key: Hashable {
        var base: String
        var kind: MetricKind
    }
}

/// How a metric's values behave.
public enum MetricKind: String, Sendable, Hashable {
    /// Only grows, from 0 at the start of the process.
    case counter
    /// Goes up and down.
    case gauge
    /// How many values there were, by size.
    case histogram
}

/// A value of a metric.
public enum MetricValue: Sendable, Equatable {
    /// Of a counter or gauge.
    case number(Double)
    /// Of a histogram: how many values were at most each bucket's upper bound (the last bound is infinite),
    /// and the sum of all.
    case histogram(buckets: [MetricBucket], sum: Double)
}

/// A bucket of a histogram with all those below it.
public struct MetricBucket: Sendable, Equatable {
    /// The largest value that counts.
    public var upperBound: Double
    /// How many values there were up to the bound.
    public var count: UInt64

    /// Makes a bucket.
    public init(upperBound: Double, count: UInt64) {
        self.upperBound = upperBound
        self.count = count
    }
}

extension MetricFamily.Sample {
    func precedes(_ other: MetricFamily.Sample) -> Bool {
        labels.lexicographicallyPrecedes(other.labels) {
            ($0.name, $0.value) < ($1.name, $1.value)
        }
    }
}

/// The labels of a sample, in the order of their names.
struct MetricLabels: Hashable {
    var pairs: [MetricFamily.Label] = []

    /// Of two dimensions with the same name, the last counts.
    init(_ dimensions: [(String, String)], isHistogram: Bool) {
        for (name, value) in dimensions {
            var name = MetricName.label(name)
            // The name of a bucket's bound is taken.
            if isHistogram, name == "le" { name = "le_" }
            pairs.removeAll { $0.name == name }
            pairs.append(MetricFamily.Label(name: name, value: value))
        }
        pairs.sort { $0.name < $1.name }
    }
}

/// Names as Prometheus allows them: `[a-zA-Z_:][a-zA-Z0-9_:]*`, of labels without colons.
enum MetricName {
    static func of(_ label: String, suffix: String) -> String {
        let name = sanitized(label) { $0 == ":" }
        return name.hasSuffix(suffix) ? name : name + suffix
    }

    static func label(_ name: String) -> String {
        let name = sanitized(name) { _ in false }
        // Names that begin with two are Prometheus's own.
        return name.hasPrefix("__") ? "x" + name : name
    }

    private static func sanitized(_ text: String, _ isFine: (Character) -> Bool) -> String {
        var name = ""
        for character in text {
            let isAllowed =
                character.isASCII && (character.isLetter || character.isNumber || character == "_")
            if name.isEmpty, character.isASCII, character.isNumber { name = "_" }
            name.append(isAllowed || isFine(character) ? character : "_")
        }
        return name.isEmpty ? "_" : name
    }
}
