internal import MarbleArrow
internal import MarbleCluster
internal import MarbleDB
internal import MarbleFlight
internal import MarbleJSON

/// The one place where errors of the rooms below become statuses for clients.
extension FlightError {
    init(_ error: RaftError) {
        let code: FlightStatusCode =
            switch error.code {
            case .notLeader, .outcomeUnknown, .superseded, .unavailable, .stopped, .transport:
                .unavailable
            case .overloaded, .tooLarge, .noSpace: .resourceExhausted
            case .invalidConfiguration: .invalidArgument
            case .foreignData: .failedPrecondition
            case .storage, .malformed: .internal
            }
        var message = error.message
        if error.code == .notLeader {
            message += error.leader.map { "; the leader is \($0)" } ?? "; no leader is known"
        }
        self.init(code, message, cause: error)
    }

    init(_ error: DatabaseError) {
        self.init(
            FlightStatusCode(rawValue: Int(error.code.rawValue)) ?? .unknown, error.message,
            cause: error)
    }

    init(_ error: ArrowError) {
        let code: FlightStatusCode =
            switch error.code {
            case .malformed, .invalidArgument: .invalidArgument
            case .unsupportedType, .unsupportedFeature: .unimplemented
            case .limitExceeded: .resourceExhausted
            case .inputOutput: .internal
            }
        self.init(code, error.message, cause: error)
    }

    /// The status for an error of any room.
    init(answering error: any Error) {
        switch error {
        case let error as FlightError: self = error
        case let error as RaftError: self.init(error)
        case let error as DatabaseError: self.init(error)
        case let error as ArrowError: self.init(error)
        case let error as ServerError where error.code == .configuration:
            self.init(.invalidArgument, error.message, cause: error)
        case let error as JSONError:
            self.init(.invalidArgument, error.message, cause: error)
        case is CancellationError:
            self.init(.cancelled, "the call was cancelled", cause: error)
        default: self.init(.internal, "the call failed: \(error)", cause: error)
        }
    }

    /// The same status, with the place in the client's stream ahead of the message.
    func inBatch(_ batch: UInt64) -> FlightError {
        FlightError(
            code,
            "batch \(batch) (counted from 0): \(message). The batches before it are committed",
            details: details, cause: cause)
    }
}
