import Testing

@testable import MarbleRaft

@Suite("The log's terms")
struct RaftLogViewTests {
    private let terms: [RaftTerm] = [1, 1, 3, 3, 3, 5]

    @Test("Every entry's term is found")
    func findsTerms() {
        let log = RaftLogView(CoreFixture.summary(terms))
        #expect((0...7).map { log.term(at: $0) } == [0, 1, 1, 3, 3, 3, 5, nil])
        #expect(log.lastIndexOfRun(at: 4) == 5)
        #expect(log.lastIndexOfRun(at: 6) == 6)
    }

    @Test("Truncation and compaction leave the other terms as they are")
    func cuts() {
        for first in RaftIndex(1)...6 {
            for base in RaftIndex(0)..<first {
                var log = RaftLogView(CoreFixture.summary(terms))
                log.truncate(from: first)
                log.compact(through: base)
                #expect(log.lastIndex == first - 1 && log.baseIndex == base)
                for index in base..<first {
                    #expect(log.term(at: index) == (index == 0 ? 0 : terms[Int(index) - 1]))
                }
                #expect(base == 0 || log.term(at: base - 1) == nil)
                log.append(through: first + 1, term: 9)
                #expect(log.term(at: first) == 9 && log.lastTerm == 9)
            }
        }
    }

    @Test("Runs of a range are the range's, whole")
    func runs() {
        let log = RaftLogView(CoreFixture.summary(terms))
        #expect(
            log.runs(from: 2, through: 4) == [
                RaftTermRun(firstIndex: 2, term: 1), RaftTermRun(firstIndex: 3, term: 3),
            ])
        #expect(log.runs(from: 4, through: 5) == [RaftTermRun(firstIndex: 4, term: 3)])
        #expect(log.runs(from: 5, through: 4).isEmpty)
    }

    @Test("The last possible agreement skips later terms")
    func agreement() {
        let log = RaftLogView(CoreFixture.summary(terms))
        #expect(log.lastPossibleAgreement(atMost: 6, term: 4).index == 5)
        #expect(log.lastPossibleAgreement(atMost: 5, term: 2).index == 2)
        #expect(log.lastPossibleAgreement(atMost: 5, term: 0).index == 0)
        #expect(log.lastPossibleAgreement(atMost: 99, term: 9).index == 6)
    }
}
