/// Why leadership can't be handed over as asked.
public enum RaftTransferRejection: Error, Equatable, Sendable, CustomStringConvertible {
    /// This node doesn't lead; the leader is named if known.
    case notLeader(leader: RaftNodeID?)
    /// The target has no seat in the cluster.
    case unknownTarget(RaftNodeID)
    /// The target leads already.
    case alreadyLeader
    /// The target may not vote, so it can't lead.
    case targetMayNotVote(RaftNodeID)
    /// Leadership is being handed to another node.
    case transferring(to: RaftNodeID)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .notLeader(leader: nil):
            "No leader is known: ask again once one is elected."
        case .notLeader(leader: .some(let leader)):
            "This node doesn't lead: ask node \(leader)."
        case .unknownTarget(let target):
            "Node \(target) has no seat in this cluster: name one of its members."
        case .alreadyLeader:
            "The target leads already."
        case .targetMayNotVote(let target):
            "Node \(target) may not vote, so it can't lead: choose another member."
        case .transferring(let target):
            "Leadership is already being handed to node \(target): wait until that is done."
        }
    }
}
