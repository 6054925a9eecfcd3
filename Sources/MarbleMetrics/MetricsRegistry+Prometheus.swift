extension MetricsRegistry {
    /// The media type of ``prometheusText()``.
    public static let prometheusContentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All metrics in Prometheus's text format, version 0.0.4
    /// (Prometheus, "Exposition formats", "Text-based format").
    public func prometheusText() -> String {
        var text = ""
        for family in families() { text.append(family) }
        return text
    }
}

extension String {
    fileprivate mutating func append(_ family: MetricFamily) {
        self += "# HELP \(family.name) \(family.help.escaped(quote: false))\n"
        self += "# TYPE \(family.name) \(family.kind.rawValue)\n"
        for sample in family.samples {
            switch sample.value {
            case .number(let number):
                append(line: family.name, sample.labels, number)
            case .histogram(let buckets, let sum):
                for bucket in buckets {
                    let bound = MetricFamily.Label(
                        name: "le", value: Self(metric: bucket.upperBound))
                    append(
                        line: family.name + "_bucket", sample.labels + [bound],
                        Double(bucket.count))
                }
                append(line: family.name + "_sum", sample.labels, sum)
                append(
                    line: family.name + "_count", sample.labels, Double(buckets.last?.count ?? 0))
            }
        }
    }

    private mutating func append(line name: String, _ labels: [MetricFamily.Label], _ value: Double)
    {
        self += name
        if !labels.isEmpty {
            let list = labels.map { "\($0.name)=\"\($0.value.escaped(quote: true))\"" }
            self += "{\(list.joined(separator: ","))}"
        }
        self += " \(Self(metric: value))\n"
    }

    /// A number as Go's `ParseFloat` reads it.
    private init(metric value: Double) {
        if value.isNaN {
            self = "NaN"
        } else if value.isInfinite {
            self = value > 0 ? "+Inf" : "-Inf"
        } else if let whole = Int64(exactly: value) {
            self = String(whole)
        } else {
            self = String(value)
        }
    }

    private func escaped(quote: Bool) -> String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quote: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
