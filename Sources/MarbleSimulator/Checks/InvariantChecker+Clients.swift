internal import MarbleCluster
internal import MarbleRaft
internal import NIOCore

/// What clients were told.
extension InvariantChecker {
    mutating func acknowledged(_ result: RaftProposalResult) {
        guard proposals[result.token] == .waiting else {
            return fail(.exactlyOnce, "proposal \(result.token) is answered twice")
        }
        proposals.set(result.token, .acknowledged(result.index))
        guard let known = committed(at: result.index), known.entry.token == result.token,
            known.entry.term == result.term
        else {
            return fail(
                .acknowledgedIsCommitted,
                "proposal \(result.token) is acknowledged at index \(result.index), term \(result.term), where it isn't committed"
            )
        }
        let hash: UInt64? = result.outcome.getInteger(at: result.outcome.readerIndex)
        if hash == nil || hash != stateHashes[Int(result.index - 1)] {
            fail(
                .sameState, "proposal \(result.token)'s outcome isn't the state at \(result.index)")
        }
    }

    mutating func failed(_ tokens: [UInt64], _ code: RaftError.Code) {
        for token in tokens {
            guard proposals[token] == .waiting else {
                fail(.exactlyOnce, "proposal \(token) is answered twice")
                continue
            }
            switch code {
            case .notLeader, .superseded, .unavailable, .overloaded, .tooLarge:
                proposals.set(token, .refused)
                if let index = committedIndexOfToken[token] {
                    fail(
                        .refusedHasNoEffect,
                        "proposal \(token) is refused (\(code.rawValue)), and committed at index \(index)"
                    )
                }
            default:
                proposals.set(token, .unknown)
            }
        }
    }

    /// A read that began when `floor` was known to be committed is answered with the state at
    /// `appliedIndex`, after the node was told to read at `index`.
    mutating func read(
        _ node: RaftNodeID, index: RaftIndex, appliedIndex: RaftIndex, floor: RaftIndex
    ) {
        if index < floor {
            fail(
                .linearizableReads,
                "node \(node) reads at index \(index), but \(floor) was acknowledged or read before the read began"
            )
        }
        if appliedIndex < index {
            fail(
                .linearizableReads,
                "node \(node) answers a read at index \(index) while it has applied only \(appliedIndex)"
            )
        }
    }

    /// After all has healed: what was acknowledged is there.
    mutating func checkAcknowledged() {
        var token: UInt64 = 1
        while token <= proposals.lastToken {
            if case .acknowledged(let index) = proposals[token],
                committed(at: index)?.entry.token != token
            {
                fail(
                    .acknowledgedIsCommitted,
                    "proposal \(token) was acknowledged at index \(index) and isn't there")
            }
            token += 1
        }
    }
}
