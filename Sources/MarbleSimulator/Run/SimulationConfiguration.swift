/// What a run is made from: the same values always give the same run.
package struct SimulationConfiguration: Sendable {
    package static let nodeCountMax = 9

    package var seed: UInt64
    /// Events until everything heals.
    package var stepCount: Int
    package var nodeCount: Int
    package var plantedBug: PlantedBug?
    /// Leaves out the checks of rules that only tell why something will go wrong, so that a run
    /// goes on until it has.
    package var checksOutcomesOnly: Bool

    package init(
        seed: UInt64, stepCount: Int, nodeCount: Int = 5, plantedBug: PlantedBug? = nil,
        checksOutcomesOnly: Bool = false
    ) {
        self.seed = seed
        self.stepCount = max(stepCount, 0)
        self.nodeCount = min(max(nodeCount, 1), Self.nodeCountMax)
        self.plantedBug = plantedBug
        self.checksOutcomesOnly = checksOutcomesOnly
    }

    /// The command line that gives this run again.
    package var commandLine: String {
        var line = "marble-sim --seed \(seed) --steps \(stepCount)"
        if nodeCount != 5 { line += " --nodes \(nodeCount)" }
        if let plantedBug { line += " --plant \(plantedBug.rawValue)" }
        if checksOutcomesOnly { line += " --outcomes-only" }
        return line
    }
}
