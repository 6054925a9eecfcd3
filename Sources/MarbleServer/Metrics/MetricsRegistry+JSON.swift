internal import MarbleJSON
internal import MarbleMetrics

extension MetricFamily.Sample {
    /// The labels as a JSON object.
    func writeLabels(to writer: inout JSONWriter) {
        writer.object { writer in
            for label in labels { writer.member(label.name, label.value) }
        }
    }

    /// `{"name", "kind", "labels", "value"}`, of a histogram `"count"` and `"sum"` instead of `"value"`.
    func write(of family: MetricFamily, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("name", family.name)
            writer.member("kind", family.kind.rawValue)
            writer.key("labels")
            writeLabels(to: &writer)
            switch value {
            case .number(let number): writer.member("value", number)
            case .histogram(let buckets, let sum):
                writer.member("count", buckets.last?.count ?? 0)
                writer.member("sum", sum)
            }
        }
    }
}
