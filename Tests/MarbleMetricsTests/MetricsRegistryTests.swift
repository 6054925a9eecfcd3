import CoreMetrics
import Foundation
import MarbleMetrics
import Testing

@Suite(.timeLimit(.minutes(2)))
struct MetricsRegistryTests {
    private let registry = MetricsRegistry()

    private func counter(_ label: String, _ dimensions: [(String, String)] = []) -> Counter {
        Counter(label: label, dimensions: dimensions, factory: registry)
    }

    @Test func `an empty registry has an empty text`() {
        #expect(registry.prometheusText() == "")
    }

    @Test func `counters, gauges and histograms have the text that Prometheus reads`() {
        registry.describe("requests", "How many\nrequests came \\ went.")
        registry.setBuckets([1, 0.5], for: "wait")
        counter("requests", [("method", "get")]).increment(by: 3)
        counter("requests", [("method", "a\"b\\c\nd"), ("code", "ü")]).increment()
        Gauge(label: "level", dimensions: [], factory: registry).record(-2.5)
        let timer = Timer(label: "wait", dimensions: [("k", "v")], factory: registry)
        for milliseconds in [500, 750, 1000, 5000] as [Int64] {
            timer.recordMilliseconds(milliseconds)
        }
        #expect(
            registry.prometheusText() == #"""
                # HELP level Recorded as level.
                # TYPE level gauge
                level -2.5
                # HELP requests_total How many\nrequests came \\ went.
                # TYPE requests_total counter
                requests_total{code="ü",method="a\"b\\c\nd"} 1
                requests_total{method="get"} 3
                # HELP wait_seconds Recorded as wait.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{k="v",le="0.5"} 1
                wait_seconds_bucket{k="v",le="1"} 3
                wait_seconds_bucket{k="v",le="+Inf"} 4
                wait_seconds_sum{k="v"} 7.25
                wait_seconds_count{k="v"} 4

                """#)
    }

    @Test func `the same label and dimensions are the same instrument`() {
        counter("a", [("x", "1"), ("y", "2")]).increment()
        counter("a", [("y", "2"), ("x", "1")]).increment()
        #expect(registry.families().first?.samples.map(\.value) == [.number(2)])
    }

    @Test func `names that Prometheus doesn't know are changed`() {
        counter("http.requests-in", [("le.vel", "1"), ("9", "2"), ("__own", "3")]).increment()
        let family = registry.families().first
        #expect(family?.name == "http_requests_in_total")
        #expect(family?.samples.first?.labels.map(\.name) == ["_9", "le_vel", "x__own"])
        counter("", []).increment()
        counter("ümlaut", []).increment()
        #expect(Set(registry.families().map(\.name)).isSuperset(of: ["__total", "_mlaut_total"]))
    }

    @Test func `one label of two kinds has two names`() {
        Gauge(label: "size", dimensions: [], factory: registry).record(1)
        Recorder(label: "size", dimensions: [], factory: registry).record(7)
        #expect(registry.families().map(\.name) == ["size", "size_histogram"])
    }

    @Test func `what was recorded by many threads is all there`() async {
        let count = counter("n")
        let sum = FloatingPointCounter(label: "f", dimensions: [], factory: registry)
        let level = Meter(label: "m", dimensions: [], factory: registry)
        let sizes = Recorder(label: "s", dimensions: [], factory: registry)
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for number in 0..<10_000 {
                        count.increment()
                        sum.increment(by: 0.5)
                        level.increment(by: 2)
                        level.decrement(by: 1)
                        sizes.record(number % 2 == 0 ? 1 : 5)
                    }
                }
            }
        }
        let families = registry.families()
        #expect(
            families.map { $0.samples.first?.value } == [
                .number(40_000), .number(80_000), .number(80_000),
                .histogram(
                    buckets: MetricsRegistry.recorderBuckets.map {
                        MetricBucket(upperBound: $0, count: $0 < 5 ? 40_000 : 80_000)
                    } + [MetricBucket(upperBound: .infinity, count: 80_000)], sum: 240_000),
            ])
    }

    @Test func `an instrument that is destroyed is shown no longer`() {
        let first = counter("gone", [("k", "1")])
        let second = counter("gone", [("k", "2")])
        first.increment()
        second.increment()
        first.destroy()
        #expect(registry.families().first?.samples.count == 1)
        second.destroy()
        #expect(registry.families().isEmpty)
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool")))
    func `promtool finds nothing to complain about`() throws {
        registry.describe("calls", "Calls \\ that \"ended\",\nby name.")
        for name in ["a", "b\"", "c\\", "d\n", "", "é😀"] {
            counter("calls", [("name", name)]).increment(by: .max / 8)
            Timer(label: "call", dimensions: [("name", name)], factory: registry)
                .recordNanoseconds(1)
        }
        Gauge(label: "ratio", dimensions: [], factory: registry).record(Double.infinity)
        Gauge(label: "unknown", dimensions: [], factory: registry).record(Double.nan)
        Gauge(label: "tiny", dimensions: [], factory: registry).record(1e-300)
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/promtool")
        process.arguments = ["check", "metrics"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(registry.prometheusText().utf8))
        try input.fileHandleForWriting.close()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(String(decoding: said, as: UTF8.self) == "")
        #expect(process.terminationStatus == 0)
    }
}
