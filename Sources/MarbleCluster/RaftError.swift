/// What went wrong in a Raft group, its log, or its transport.
public struct RaftError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// This node doesn't lead the group; `leader` says who does, where that is known.
        case notLeader
        /// Leadership was lost before the outcome was known: the proposal may or may not take effect.
        case outcomeUnknown
        /// The proposal was overwritten by another leader's entry: it took no effect.
        case superseded
        /// No leader, or no quorum, could be reached in time.
        case unavailable
        /// Too much is waiting already; try again later.
        case overloaded
        /// The proposal is larger than an entry may be.
        case tooLarge
        /// The server is shutting down, or isn't running.
        case stopped
        /// A configuration value is unusable; the message names the field.
        case invalidConfiguration
        /// The data directory isn't usable by this node: it is another cluster's or another node's.
        case foreignData
        /// The disk is full; nothing is lost, and writing goes on once there is space.
        case noSpace
        /// The disk failed, or what it holds is damaged.
        case storage
        /// A peer couldn't be reached, or refused.
        case transport
        /// Bytes from a peer or a file aren't what they must be.
        case malformed
    }

    public var code: Code
    /// What happened to what, and what to do about it.
    public var message: String
    /// The leader's endpoint, for `.notLeader`, where it is known.
    public var leader: String?
    public var cause: (any Error)?

    public init(
        _ code: Code, _ message: String, leader: String? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.leader = leader
        self.cause = cause
    }

    public var description: String {
        guard let cause else { return "\(code.rawValue): \(message)" }
        return "\(code.rawValue): \(message) (\(cause))"
    }
}
