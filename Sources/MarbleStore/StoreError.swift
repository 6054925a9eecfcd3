/// What went wrong in a table's storage.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A row that was to be inserted has a key that exists; nothing was changed.
        case keyExists
        /// The operation needs a primary key, and the table has none.
        case noKey
        /// Rows could not be gathered into a batch; `cause` says why.
        case gather
    }

    package var code: Code
    package var message: String
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String {
        guard let cause else { return "\(code.rawValue): \(message)" }
        return "\(code.rawValue): \(message) (\(cause))"
    }
}
