/// What went wrong while building, reading or writing Arrow data.
///
/// The message names the column, buffer or field concerned and says what to do about it.
public struct ArrowError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller may want to tell apart.
    public enum Code: String, Sendable, Hashable {
        /// The bytes are not what the Arrow specification allows: damaged, truncated or hostile.
        case malformed
        /// The data is valid Arrow, but has a type that is not supported there, such as a union with nulls of its own.
        case unsupportedType
        /// The data is valid Arrow, but uses a feature that is not supported (tensors, …).
        case unsupportedFeature
        /// The caller asked for something that makes no sense, such as columns of unequal length.
        case invalidArgument
        /// A file can't be opened or read.
        case inputOutput
        /// The data is larger than a limit allows.
        case limitExceeded
    }

    /// The kind of failure.
    public let code: Code
    /// What happened, where, and what to do about it.
    public let message: String
    /// The error that led to this one, if there was one.
    public let cause: (any Error)?

    /// Makes an error.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String {
        guard let cause else { return "\(code.rawValue): \(message)" }
        return "\(code.rawValue): \(message) (caused by: \(cause))"
    }
}
