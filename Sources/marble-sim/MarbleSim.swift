internal import ArgumentParser
internal import MarbleSimulator

@main
struct MarbleSim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "marble-sim",
        abstract: "Runs clusters in virtual time and looks for broken promises.",
        discussion: """
            A run is made from its seed alone: the same seed and steps give the same run, event by \
            event. A run that breaks a promise prints which, the last events, and how to run it \
            again; the exit code is then 1.
            """)

    @Option(help: "The seed of the first run.")
    var seed: UInt64 = 1

    @Option(help: "Events of a run until everything heals.")
    var steps: Int = 2000

    @Option(help: "Runs, with seeds counted up from --seed.")
    var seeds: Int = 1

    @Option(help: "Nodes of the cluster, 1 to \(SimulationConfiguration.nodeCountMax).")
    var nodes: Int = 5

    @Option(
        help: "A bug to build in: \(PlantedBug.allCases.map(\.rawValue).joined(separator: ", ")).")
    var plant: PlantedBug?

    @Flag(
        help:
            "Check only what logs, states and clients show, not the votes, commits and promises that lead there."
    )
    var outcomesOnly = false

    @Option(help: "Runs at the same time.")
    var jobs: Int = 2

    @Flag(help: "Print every event of every run.")
    var verbose = false

    func validate() throws {
        guard steps >= 0 else { throw ValidationError("--steps is \(steps); give 0 or more") }
        guard seeds >= 1 else { throw ValidationError("--seeds is \(seeds); give 1 or more") }
        guard (1...SimulationConfiguration.nodeCountMax).contains(nodes) else {
            throw ValidationError(
                "--nodes is \(nodes); give 1 to \(SimulationConfiguration.nodeCountMax)")
        }
        guard jobs >= 1 else { throw ValidationError("--jobs is \(jobs); give 1 or more") }
    }

    func run() async throws {
        let batch = SimulationBatch(
            firstSeed: seed, seedCount: seeds, stepCount: steps, nodeCount: nodes,
            plantedBug: plant, checksOutcomesOnly: outcomesOnly, jobCount: verbose ? 1 : jobs)
        let isVerbose = verbose
        if seeds > 1 { SeedsAtTraps.install() }
        let result = await batch.run { configuration in
            SeedsAtTraps.begin(configuration.seed)
            defer { SeedsAtTraps.end(configuration.seed) }
            let onTraceLine: ((String) -> Void)? = isVerbose ? { print($0) } : nil
            return Simulation(configuration, onTraceLine: onTraceLine).run()
        }
        for report in result.failures { print(Self.text(of: report)) }
        print(Self.summary(of: result, first: seed))
        if !result.failures.isEmpty { throw ExitCode(1) }
    }

    private static func text(of report: SimulationReport) -> String {
        var lines = report.traceTail
        lines.append("")
        lines.append(
            "seed \(report.configuration.seed), step \(report.step): \(report.violation.map { "\($0)" } ?? "")"
        )
        lines.append("run again: \(report.configuration.commandLine)")
        return lines.joined(separator: "\n")
    }

    private static func summary(of result: SimulationBatch.Result, first: UInt64) -> String {
        let counts = result.counts
        let seconds = counts.virtualNanoseconds / 1_000_000_000
        return """
            \(result.runCount) runs from seed \(first): \(result.failures.count) failed, \
            trace hash \(String(result.traceHash, radix: 16))
            \(seconds) s of virtual time, \(counts.elections) elections, \(counts.crashes) crashes, \
            \(counts.partitions) partitions, \(counts.committedEntries) entries committed, \
            \(counts.acknowledgedProposals) acknowledged, \(counts.answeredReads) reads, \
            \(counts.snapshotsMade) snapshots made, \(counts.snapshotsInstalled) installed
            """
    }
}

extension PlantedBug: ExpressibleByArgument {}
