/// Why entries were not taken into the log.
public enum RaftProposalRejection: Error, Equatable, Sendable, CustomStringConvertible {
    /// This node doesn't lead; the leader is named if known.
    case notLeader(leader: RaftNodeID?)
    /// Leadership is being handed over; propose again when the role has changed.
    case transferring

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .notLeader(leader: nil):
            "No leader is known: propose again once one is elected."
        case .notLeader(leader: .some(let leader)):
            "This node doesn't lead: propose to node \(leader)."
        case .transferring:
            "Leadership is being handed over: propose again when that is done."
        }
    }
}
