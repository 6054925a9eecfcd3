/// Which part of the log is on this node's disk, which is on its way there, and which isn't handed
/// out yet. Steps between two drains merge here into one persist.
struct RaftDurability: Sendable {
    /// The log up to here, as it is now, is durable.
    private(set) var persistedIndex: RaftIndex
    /// The end of the disk's log once everything handed out and `pendingTruncation` are carried out.
    private var storageLastIndex: RaftIndex
    private var pendingTruncation: RaftIndex?
    private var lastSequence: UInt64 = 0
    /// Handed out and not yet reported durable, oldest first.
    private var inFlight: [InFlight] = []

    private struct InFlight {
        var sequence: UInt64
        /// The last entry of the persist that is still part of the log.
        var lastIndex: RaftIndex
    }

    init(lastIndex: RaftIndex) {
        persistedIndex = lastIndex
        storageLastIndex = lastIndex
    }

    func hasPending(logLastIndex: RaftIndex) -> Bool {
        pendingTruncation != nil || logLastIndex > storageLastIndex
    }

    /// Entries from `index` on are no longer part of the log: whatever of them is on its way to the
    /// disk doesn't count when it gets there.
    mutating func truncate(from index: RaftIndex) {
        persistedIndex = min(persistedIndex, index - 1)
        for position in inFlight.indices {
            inFlight[position].lastIndex = min(inFlight[position].lastIndex, index - 1)
        }
        guard index <= storageLastIndex else { return }
        storageLastIndex = index - 1
        pendingTruncation = min(pendingTruncation ?? index, index)
    }

    /// The disk's log was replaced by a snapshot that ends at `index`.
    mutating func reset(toSnapshot index: RaftIndex) {
        persistedIndex = index
        storageLastIndex = index
        pendingTruncation = nil
        for position in inFlight.indices {
            inFlight[position].lastIndex = index
        }
    }

    /// What is to be written now, if anything.
    mutating func takePersist(
        logLastIndex: RaftIndex, hardState: RaftHardState?
    ) -> RaftPersist? {
        guard hardState != nil || hasPending(logLastIndex: logLastIndex) else { return nil }
        lastSequence += 1
        let first = storageLastIndex + 1
        let persist = RaftPersist(
            sequence: lastSequence,
            truncateFrom: pendingTruncation,
            append: first <= logLastIndex ? first...logLastIndex : nil,
            hardState: hardState)
        pendingTruncation = nil
        storageLastIndex = logLastIndex
        inFlight.append(InFlight(sequence: lastSequence, lastIndex: logLastIndex))
        return persist
    }

    /// Everything up to and including `sequence` is durable.
    mutating func persisted(through sequence: UInt64) {
        precondition(sequence <= lastSequence, "Persist \(sequence) wasn't handed out: \(self)")
        var done = 0
        while done < inFlight.count, inFlight[done].sequence <= sequence {
            persistedIndex = max(persistedIndex, inFlight[done].lastIndex)
            done += 1
        }
        inFlight.removeFirst(done)
    }
}
