import MarbleSimulator
import Testing

/// What each planted bug is found by, and within how many runs.
@Suite struct PlantedBugTests {
    @Test(arguments: PlantedBug.allCases)
    func `a planted bug is found within forty runs`(bug: PlantedBug) async throws {
        let result = await SimulationBatch(seedCount: 40, stepCount: 2000, plantedBug: bug).run()
        let failure = try #require(result.failures.first)
        let violation = try #require(failure.violation)
        let expected: [InvariantViolation.Invariant] =
            switch bug {
            case .votesTwice: [.oneVoteATerm, .oneLeaderATerm]
            case .acknowledgesBeforeSync: [.termNeverGoesBack, .acknowledgedIsDurable]
            case .commitsOlderTermByCount: [.commitOfOwnTerm]
            }
        #expect(expected.contains(violation.invariant), "\(violation)")
        #expect(!failure.traceTail.isEmpty)
        #expect(failure.configuration.commandLine.contains("--plant \(bug.rawValue)"))
    }

    @Test func `a failing seed fails again in the same step and in the same way`() async throws {
        let batch = SimulationBatch(
            seedCount: 40, stepCount: 2000, plantedBug: .votesTwice)
        let failure = try #require(await batch.run().failures.first)
        let again = Simulation(failure.configuration).run()
        #expect(again.step == failure.step)
        #expect(again.traceHash == failure.traceHash)
        #expect(again.violation?.description == failure.violation?.description)
    }

    @Test func `votes lost in a crash are found by what they lead to`() async throws {
        let result = await SimulationBatch(
            seedCount: 60, stepCount: 2000, plantedBug: .acknowledgesBeforeSync,
            checksOutcomesOnly: true
        ).run()
        #expect(!result.failures.isEmpty)
    }
}
