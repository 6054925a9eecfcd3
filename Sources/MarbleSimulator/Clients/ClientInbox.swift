internal import MarbleCluster
internal import MarbleRaft

/// What drivers tell clients, kept until the driver has returned.
///
/// Unchecked: a simulation is one thread; the driver's callbacks are made to cross threads.
final class ClientInbox: RaftProposalOwner, @unchecked Sendable {
    enum Letter {
        case applied([RaftProposalResult])
        case failed([UInt64], RaftError.Code)
        case read(ReadOperation, Result<RaftIndex, RaftError>)
    }

    private var letters: [Letter] = []

    var isEmpty: Bool { letters.isEmpty }

    func take() -> [Letter] {
        let taken = letters
        letters = []
        return taken
    }

    func proposalsApplied(_ results: [RaftProposalResult]) { letters.append(.applied(results)) }

    func proposalsFailed(_ tokens: [UInt64], _ error: RaftError) {
        letters.append(.failed(tokens, error.code))
    }

    func readEnded(_ operation: ReadOperation, _ result: Result<RaftIndex, RaftError>) {
        letters.append(.read(operation, result))
    }
}

/// A read, and what was known to be there before it began.
struct ReadOperation: Sendable {
    var client: Int
    var operation: UInt64
    var node: RaftNodeID
    var floor: RaftIndex
}
