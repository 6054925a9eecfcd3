import MarbleJSON

extension DatabaseError {
    /// What reading a ticket or `app_metadata` ended with.
    init(reading error: any Error) {
        switch error {
        case let error as DatabaseError: self = error
        case let error as JSONError:
            self.init(.invalidArgument, error.message, cause: error)
        default: self.init(.internalError, "a JSON text can't be read: \(error)", cause: error)
        }
    }
}
