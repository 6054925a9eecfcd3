/// Why a measurement has no result.
struct BenchError: Error, CustomStringConvertible {
    enum Code: Sendable {
        /// An argument isn't what it should be.
        case invalidArgument
        /// No server answers, or none leads.
        case unavailable
        /// The servers completed nothing in the measured time.
        case nothingCompleted
    }

    let code: Code
    /// What is wrong, and what to do.
    let message: String
    let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    var description: String {
        cause.map { "\(message) (cause: \($0))" } ?? message
    }
}
