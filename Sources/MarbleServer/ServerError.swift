/// Why a node, or a command about nodes, can't do what was asked.
public struct ServerError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// A setting is missing or unusable; the message names it and says where it may be set.
        case configuration
        /// The data directory can't be used: unreadable, unwritable, or another node's.
        case dataDirectory
        /// The endpoint can't be listened on.
        case endpoint
        /// A node can't be reached, or didn't answer in time.
        case unreachable
        /// A node answered with something that this version doesn't understand.
        case protocolViolation
        /// A process of ours ended that should have gone on.
        case process
        /// The node ended because of an error inside it.
        case node
    }

    public var code: Code
    /// What happened to what, and what to do about it.
    public var message: String
    public var cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { message }
}
