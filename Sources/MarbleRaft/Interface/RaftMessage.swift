/// What one core says to another. The driver carries it; for `appendRequest` it also carries the
/// payloads of the entries. Messages may be lost, doubled, delayed and reordered.
public struct RaftMessage: Equatable, Sendable {
    /// The seat that speaks.
    public var from: RaftNodeID
    /// The seat that is spoken to.
    public var to: RaftNodeID
    /// The sender's term; of a pre-vote request, and of the grant that answers it, the term in which
    /// the sender of the request would campaign.
    public var term: RaftTerm
    /// What is said.
    public var body: Body

    /// Creates a message.
    public init(from: RaftNodeID, to: RaftNodeID, term: RaftTerm, body: Body) {
        self.from = from
        self.to = to
        self.term = term
        self.body = body
    }

    /// The kinds of message.
    public enum Body: Equatable, Sendable {
        /// "Would you vote for me, whose log ends at (lastIndex, lastTerm)?" (thesis, section 9.6)
        case preVoteRequest(lastIndex: RaftIndex, lastTerm: RaftTerm)
        /// Answers a pre-vote request.
        case preVoteResponse(granted: Bool)
        /// "Vote for me, whose log ends at (lastIndex, lastTerm)" (paper, section 5.2). A request
        /// that follows from a leadership transfer is heard even where a leader is (thesis, 4.2.3).
        case voteRequest(lastIndex: RaftIndex, lastTerm: RaftTerm, isLeadershipTransfer: Bool)
        /// Answers a vote request.
        case voteResponse(granted: Bool)
        /// Entries to store, or a probe without entries (paper, section 5.3).
        case appendRequest(RaftAppend)
        /// Answers an append request.
        case appendResponse(RaftAppendResponse)
        /// "I lead": the receiver may commit up to `commitIndex`; `readSequence` numbers the round of
        /// reads that an answer confirms (thesis, section 6.4).
        case heartbeat(commitIndex: RaftIndex, readSequence: UInt64)
        /// Answers a heartbeat. `lastIndex` is the last entry that the sender knows to agree with the
        /// leader's log in this term, durable or not; `countsForQuorum` is false from a member that
        /// may not vote.
        case heartbeatResponse(
            readSequence: UInt64, lastIndex: RaftIndex, countsForQuorum: Bool)
        /// "Your next entry is no longer in my log: pull the snapshot at `index`" (paper, section 7).
        case snapshotOffer(index: RaftIndex, term: RaftTerm)
        /// Answers an offer: the receiver's state now covers `index`, or the installation failed.
        case snapshotResponse(installed: Bool, index: RaftIndex)
        /// "Campaign now" (thesis, section 3.10).
        case timeoutNow
        /// A follower asks its leader for a read index.
        case readIndexRequest(context: UInt64)
        /// Answers a read index request; nil: refused, ask again.
        case readIndexResponse(context: UInt64, index: RaftIndex?)
    }
}
