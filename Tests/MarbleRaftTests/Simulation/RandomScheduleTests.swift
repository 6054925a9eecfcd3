import Testing

@testable import MarbleRaft

@Suite("Random schedules keep Raft's promises")
struct RandomScheduleTests {
    @Test("Five nodes under loss, reordering, crashes and cuts", arguments: 0..<8)
    func fiveNodes(part: Int) {
        for seed in UInt64(part * 25)..<UInt64(part * 25 + 25) {
            var schedule = RandomSchedule(seed: seed, nodeCount: 5)
            schedule.run(stepCount: 3000)
            schedule.recover()
            #expect(schedule.cluster.violations == [], "seed \(seed)")
        }
    }

    @Test("Three nodes without pre-vote and check-quorum", arguments: 0..<4)
    func threePlainNodes(part: Int) {
        for seed in UInt64(10_000 + part * 25)..<UInt64(10_025 + part * 25) {
            var schedule = RandomSchedule(seed: seed, nodeCount: 3) { configuration in
                configuration.preVote = seed % 2 == 0
                configuration.checkQuorum = seed % 3 == 0
            }
            schedule.run(stepCount: 3000)
            schedule.recover()
            #expect(schedule.cluster.violations == [], "seed \(seed)")
        }
    }

    @Test("Five nodes whose leaders come and go", arguments: 0..<4)
    func turbulentNodes(part: Int) {
        for seed in UInt64(30_000 + part * 25)..<UInt64(30_025 + part * 25) {
            var schedule = RandomSchedule(seed: seed, nodeCount: 5, isTurbulent: true)
            schedule.run(stepCount: 3000)
            schedule.recover()
            #expect(schedule.cluster.violations == [], "seed \(seed)")
        }
    }

    @Test("A member that loses its disk takes nothing committed with it", arguments: 0..<4)
    func wipedMember(part: Int) {
        for seed in UInt64(20_000 + part * 25)..<UInt64(20_025 + part * 25) {
            var schedule = RandomSchedule(seed: seed, nodeCount: 5, wipesDisks: true)
            schedule.run(stepCount: 3000)
            schedule.recover()
            #expect(schedule.cluster.violations == [], "seed \(seed)")
        }
    }

    @Test("Schedules make work: entries are committed, reads answered, snapshots shipped")
    func schedulesMakeWork() {
        var committed: RaftIndex = 0
        var reads = 0
        var terms = 0
        for seed in UInt64(0)..<20 {
            var schedule = RandomSchedule(seed: seed, nodeCount: 5)
            schedule.run(stepCount: 3000)
            committed += schedule.cluster.highestCommitted
            reads += schedule.cluster.answeredReads.count
            terms += schedule.cluster.leaders.count
        }
        #expect(committed > 1000)
        #expect(reads > 100)
        #expect(terms > 60)
    }

    @Test("Voting twice in a term is found")
    func votingTwiceIsFound() {
        #expect(findsViolation { $0.plantedBug = .votesTwice })
    }

    @Test("Committing an older term's entry by count is found")
    func olderTermByCountIsFound() {
        #expect(findsViolation(isTurbulent: true) { $0.plantedBug = .commitsOlderTermByCount })
    }

    @Test("A driver that acknowledges before its disk has the entries is found")
    func acknowledgingEarlyIsFound() {
        #expect(findsViolation(acknowledgesBeforeDurable: true) { _ in })
    }

    private func findsViolation(
        acknowledgesBeforeDurable: Bool = false, isTurbulent: Bool = false,
        configure: @escaping (inout RaftCoreConfiguration) -> Void
    ) -> Bool {
        for seed in UInt64(0)..<400 {
            var schedule = RandomSchedule(
                seed: seed, nodeCount: 5, isTurbulent: isTurbulent, configure: configure)
            schedule.cluster.acknowledgesBeforeDurable = acknowledgesBeforeDurable
            schedule.run(stepCount: 3000)
            schedule.recover()
            if !schedule.cluster.violations.isEmpty { return true }
        }
        return false
    }
}
