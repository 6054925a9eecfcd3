/// Why the database refused or failed to do something.
public struct DatabaseError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is. The raw values are gRPC's status codes.
    public enum Code: UInt8, Sendable, CaseIterable {
        /// What was asked for makes no sense, whatever the state: damaged Arrow data, unknown keys.
        case invalidArgument = 3
        /// There is no such table, or it was dropped meanwhile.
        case notFound = 5
        /// A table with the name, or a row with the key, exists.
        case alreadyExists = 6
        /// Something is larger, or there are more of it, than a limit allows.
        case resourceExhausted = 8
        /// It can't be done in the current state: a delete from a table without a key, a schema that
        /// isn't the table's.
        case failedPrecondition = 9
        /// It isn't supported by this version.
        case unimplemented = 12
        /// A fault of the database itself.
        case internalError = 13
        /// Stored bytes are damaged.
        case dataLoss = 15
    }

    public var code: Code
    /// What happened to what, why, and what to do about it.
    public var message: String
    /// The error that led to this one, if there was one.
    public var cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String {
        guard let cause else { return "\(code): \(message)" }
        return "\(code): \(message) (\(cause))"
    }
}
