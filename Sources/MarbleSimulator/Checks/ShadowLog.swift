internal import MarbleCluster
internal import MarbleRaft

/// One entry as the checks know it.
struct ShadowEntry: Equatable, Sendable {
    var term: RaftTerm
    var kind: RaftEntryKind
    /// Of the payload.
    var fingerprint: UInt64
    /// The proposal that the payload names; 0 for a no-op.
    var token: UInt64

    init(_ entry: RaftEntry) {
        term = entry.term
        kind = entry.kind
        var hash = Fingerprint()
        hash.add(entry.payload)
        fingerprint = hash.value
        token = entry.kind == .command ? CommandPayload.token(of: entry.payload) : 0
    }
}

/// A node's log as it must be, by what the node's driver has handed to the disk.
struct ShadowLog {
    private(set) var baseIndex: RaftIndex
    private(set) var baseTerm: RaftTerm
    private(set) var entries: [ShadowEntry] = []
    var lastIndex: RaftIndex { baseIndex + UInt64(entries.count) }

    init(baseIndex: RaftIndex = 0, baseTerm: RaftTerm = 0) {
        self.baseIndex = baseIndex
        self.baseTerm = baseTerm
    }

    subscript(index: RaftIndex) -> ShadowEntry? {
        guard index > baseIndex, index <= lastIndex else { return nil }
        return entries[Int(index - baseIndex - 1)]
    }

    func term(at index: RaftIndex) -> RaftTerm? {
        index == baseIndex ? baseTerm : self[index]?.term
    }

    mutating func append(_ entry: ShadowEntry) { entries.append(entry) }

    mutating func truncate(from index: RaftIndex) {
        guard index <= lastIndex else { return }
        entries.removeLast(Int(lastIndex - max(index, baseIndex + 1) + 1))
    }

    /// As the log does it: what follows `index` stays if the entry there is the snapshot's.
    mutating func compact(through index: RaftIndex, term: RaftTerm) {
        guard index > baseIndex else { return }
        if index < lastIndex, self.term(at: index) == term {
            entries.removeFirst(Int(index - baseIndex))
        } else {
            entries.removeAll(keepingCapacity: true)
        }
        baseIndex = index
        baseTerm = term
    }
}
