/// Many runs, whose seeds count up, several at the same time.
package struct SimulationBatch: Sendable {
    package var firstSeed: UInt64
    package var seedCount: Int
    package var stepCount: Int
    package var nodeCount: Int
    package var plantedBug: PlantedBug?
    package var checksOutcomesOnly: Bool
    package var jobCount: Int
    /// Further runs aren't begun once so many have failed.
    package var failureCountMax = 3

    package init(
        firstSeed: UInt64 = 1, seedCount: Int, stepCount: Int, nodeCount: Int = 5,
        plantedBug: PlantedBug? = nil, checksOutcomesOnly: Bool = false, jobCount: Int = 2
    ) {
        self.firstSeed = firstSeed
        self.seedCount = seedCount
        self.stepCount = stepCount
        self.nodeCount = nodeCount
        self.plantedBug = plantedBug
        self.checksOutcomesOnly = checksOutcomesOnly
        self.jobCount = max(jobCount, 1)
    }

    /// What came of all runs.
    package struct Result: Sendable {
        package var runCount = 0
        /// In the order of their seeds.
        package var failures: [SimulationReport] = []
        package var counts = SimulationReport.Counts()
        /// Of all runs, in whatever order they ended.
        package var traceHash: UInt64 = 0

        mutating func add(_ report: SimulationReport) {
            runCount += 1
            counts += report.counts
            traceHash ^= report.traceHash
            if !report.hasPassed { failures.append(report) }
        }
    }

    /// - Parameter simulate: makes one run.
    package func run(
        _ simulate: @escaping @Sendable (SimulationConfiguration) -> SimulationReport = {
            Simulation($0).run()
        }
    ) async -> Result {
        await withTaskGroup(of: SimulationReport.self) { group in
            var result = Result()
            var begun = 0
            func begin() {
                guard begun < seedCount, result.failures.count < failureCountMax else { return }
                let configuration = SimulationConfiguration(
                    seed: firstSeed &+ UInt64(begun), stepCount: stepCount, nodeCount: nodeCount,
                    plantedBug: plantedBug, checksOutcomesOnly: checksOutcomesOnly)
                begun += 1
                group.addTask { simulate(configuration) }
            }
            for _ in 0..<jobCount { begin() }
            for await report in group {
                result.add(report)
                begin()
            }
            result.failures.sort { $0.configuration.seed < $1.configuration.seed }
            return result
        }
    }
}
