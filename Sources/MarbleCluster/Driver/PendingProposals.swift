internal import DequeModule
internal import MarbleRaft
internal import NIOCore

/// Proposals of this node whose outcome isn't known yet, in the order of their entries.
struct PendingProposals {
    private struct Pending {
        var index: RaftIndex
        var term: RaftTerm
        var token: UInt64
        var byteCount: Int
        var owner: any RaftProposalOwner
    }

    private var queue: Deque<Pending> = []
    /// Payload bytes of all that is pending.
    private(set) var byteCount = 0
    /// When whatever is pending is given up, after this node has stopped leading.
    private(set) var deadline: RaftInstant?

    var isEmpty: Bool { queue.isEmpty }

    mutating func add(
        index: RaftIndex, term: RaftTerm, token: UInt64, byteCount: Int,
        owner: any RaftProposalOwner
    ) {
        queue.append(
            Pending(index: index, term: term, token: token, byteCount: byteCount, owner: owner))
        self.byteCount += byteCount
        deadline = nil
    }

    /// Another leader decides now; what it commits still tells the outcome, until the deadline.
    mutating func leadershipLost(deadline: RaftInstant) {
        if !queue.isEmpty, self.deadline == nil { self.deadline = deadline }
    }

    /// Other entries stand from `index` on now; the old ones may still be committed by a member
    /// that has them.
    mutating func truncated(from index: RaftIndex) {
        var lost: [Pending] = []
        while let last = queue.last, last.index >= index {
            lost.append(queue.removeLast())
        }
        fail(lost.reversed(), RaftDriver.lostLeadership)
    }

    /// A snapshot has taken the place of the entries up to `index`; their outcomes aren't in it.
    mutating func covered(through index: RaftIndex) {
        var lost: [Pending] = []
        while let first = queue.first, first.index <= index {
            lost.append(queue.removeFirst())
        }
        fail(lost, RaftDriver.lostLeadership)
    }

    mutating func failAll(_ error: RaftError) {
        let lost = Array(queue)
        queue.removeAll(keepingCapacity: true)
        fail(lost, error)
    }

    /// `entries` (the commands up to `through`) were applied, with these outcomes.
    mutating func applied(_ entries: [RaftEntry], outcomes: [ByteBuffer], through: RaftIndex) {
        guard let first = queue.first, first.index <= through else { return }
        var position = 0
        var owner: (any RaftProposalOwner)?
        var results: [RaftProposalResult] = []
        var superseded: [Pending] = []
        while let pending = queue.first, pending.index <= through {
            queue.removeFirst()
            byteCount -= pending.byteCount
            while position < entries.count, entries[position].index < pending.index {
                position += 1
            }
            guard position < entries.count, entries[position].index == pending.index,
                entries[position].term == pending.term, position < outcomes.count
            else {
                superseded.append(pending)
                continue
            }
            if let current = owner, current !== pending.owner {
                current.proposalsApplied(results)
                results.removeAll(keepingCapacity: true)
            }
            owner = pending.owner
            results.append(
                RaftProposalResult(
                    token: pending.token, index: pending.index, term: pending.term,
                    outcome: outcomes[position]))
        }
        owner?.proposalsApplied(results)
        for pending in superseded {
            pending.owner.proposalsFailed([pending.token], Self.superseded)
        }
        if queue.isEmpty { deadline = nil }
    }

    private mutating func fail(_ lost: [Pending], _ error: RaftError) {
        if queue.isEmpty { deadline = nil }
        var start = 0
        for pending in lost { byteCount -= pending.byteCount }
        while start < lost.count {
            let owner = lost[start].owner
            var end = start
            while end < lost.count, lost[end].owner === owner { end += 1 }
            owner.proposalsFailed(lost[start..<end].map(\.token), error)
            start = end
        }
    }

    private static let superseded = RaftError(
        .superseded,
        "another leader's entry took this one's place before it was committed; it has no effect, so it is safe to write it again"
    )
}
