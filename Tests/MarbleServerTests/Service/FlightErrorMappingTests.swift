import MarbleArrow
import MarbleCluster
import MarbleDB
import MarbleFlight
import Testing

@testable import MarbleServer

@Suite struct FlightErrorMappingTests {
    @Test(arguments: [
        (RaftError.Code.notLeader, FlightStatusCode.unavailable),
        (.outcomeUnknown, .unavailable), (.superseded, .unavailable),
        (.overloaded, .resourceExhausted), (.tooLarge, .resourceExhausted),
        (.stopped, .unavailable), (.storage, .internal),
    ])
    func `a Raft error has the status that fits`(code: RaftError.Code, status: FlightStatusCode) {
        #expect(FlightError(RaftError(code, "why")).code == status)
    }

    @Test func `a node that doesn't lead says who does`() {
        let error = FlightError(RaftError(.notLeader, "why", leader: "b:2"))
        #expect(error.message.contains("b:2"))
    }

    @Test(arguments: DatabaseError.Code.allCases)
    func `a database error keeps its status`(code: DatabaseError.Code) {
        let error = FlightError(DatabaseError(code, "why"))
        #expect(error.code.rawValue == Int(code.rawValue))
        #expect(error.message == "why")
    }

    @Test func `an Arrow type that isn't supported is unimplemented`() {
        #expect(FlightError(ArrowError(.unsupportedType, "column x")).code == .unimplemented)
    }

    @Test func `a batch's error says its place`() {
        let error = FlightError(.invalidArgument, "why").inBatch(3)
        #expect(error.code == .invalidArgument)
        #expect(error.message.contains("batch 3"))
        #expect(error.message.contains("why"))
    }
}
