import MarbleArrow

extension DatabaseError {
    /// What Arrow says about data from outside, with the name of what the data is for.
    init(_ error: ArrowError, in subject: String) {
        let code: Code =
            switch error.code {
            case .malformed, .invalidArgument: .invalidArgument
            case .unsupportedType, .unsupportedFeature: .unimplemented
            case .limitExceeded: .resourceExhausted
            case .inputOutput: .internalError
            }
        self.init(code, "\(subject): \(error.message)", cause: error.cause)
    }
}
