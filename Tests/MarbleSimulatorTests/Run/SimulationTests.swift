import MarbleSimulator
import Testing

@Suite struct SimulationTests {
    @Test func `the same seed gives the same run`() {
        let configuration = SimulationConfiguration(seed: 7, stepCount: 1500)
        let first = Simulation(configuration).run()
        let second = Simulation(configuration).run()
        #expect(first.hasPassed)
        #expect(first.traceHash == second.traceHash)
        #expect(first.step == second.step)
    }

    @Test func `another seed gives another run`() {
        let first = Simulation(SimulationConfiguration(seed: 8, stepCount: 500)).run()
        let second = Simulation(SimulationConfiguration(seed: 9, stepCount: 500)).run()
        #expect(first.traceHash != second.traceHash)
    }

    @Test func `a cluster of any size keeps its promises`() async {
        for nodeCount in [1, 2, 3, 4, 7] {
            let batch = SimulationBatch(
                firstSeed: 1000, seedCount: 4, stepCount: 800, nodeCount: nodeCount)
            let result = await batch.run()
            #expect(result.failures.map(\.line) == [])
            #expect(result.counts.acknowledgedProposals > 0)
        }
    }

    @Test func `runs have in them what they are made for`() async {
        let result = await SimulationBatch(seedCount: 30, stepCount: 1500).run()
        #expect(result.failures.map(\.line) == [])
        #expect(result.runCount == 30)
        let counts = result.counts
        #expect(counts.elections > 30)
        #expect(counts.crashes > 30)
        #expect(counts.partitions > 30)
        #expect(counts.acknowledgedProposals > 300)
        #expect(counts.answeredReads > 100)
        #expect(counts.snapshotsMade > 10)
        #expect(counts.snapshotsInstalled > 0)
    }

    @Test func `the trace says each event in order of time`() {
        var lines: [String] = []
        let configuration = SimulationConfiguration(seed: 3, stepCount: 200)
        _ = Simulation(configuration) { lines.append($0) }.run()
        let events = lines.filter { !$0.contains("    * ") }
        let steps = events.compactMap {
            $0.dropFirst().split(separator: " ").first.flatMap { Int($0) }
        }
        #expect(events.count >= 200)
        #expect(steps == Array(1...events.count))
    }
}

extension SimulationReport {
    /// What a person needs to look into a failure.
    var line: String { "\(configuration.commandLine): \(violation.map { "\($0)" } ?? "passed")" }
}
