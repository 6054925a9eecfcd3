public import MarbleRaft

/// What a store found of a group when it was opened; all of it is durable.
public struct RaftLogRecovery: Sendable, Equatable {
    public var term: RaftTerm
    public var votedFor: RaftNodeID?
    /// The log is compacted through this index, whose entry had `baseTerm`; 0 and 0 for a whole log.
    public var baseIndex: RaftIndex
    public var baseTerm: RaftTerm
    /// The terms of the entries after the base, as runs, ascending.
    public var termRuns: [RaftTermRun]
    /// `baseIndex` for an empty log.
    public var lastIndex: RaftIndex

    public init(
        term: RaftTerm = 0, votedFor: RaftNodeID? = nil, baseIndex: RaftIndex = 0,
        baseTerm: RaftTerm = 0, termRuns: [RaftTermRun] = [], lastIndex: RaftIndex = 0
    ) {
        self.term = term
        self.votedFor = votedFor
        self.baseIndex = baseIndex
        self.baseTerm = baseTerm
        self.termRuns = termRuns
        self.lastIndex = lastIndex
    }

    /// The term of the entry at `index`, or of the base; nil outside the log.
    public func term(at index: RaftIndex) -> RaftTerm? {
        if index == baseIndex { return baseTerm }
        guard index > baseIndex, index <= lastIndex else { return nil }
        return termRuns.last { $0.firstIndex <= index }?.term
    }
}

/// Where the logs of a node's groups, their terms and votes are kept.
///
/// All calls block, and come from one thread at a time. Changes are durable once `sync` has
/// returned, all of them in the order in which they were made; before that, a crash may lose any
/// tail of them. After `sync` has thrown, the store takes no further change.
public protocol RaftLogStore: AnyObject, Sendable {
    /// What the group has on the disk; an empty log, term 0 and no vote for one never seen.
    func recovery(group: RaftGroupID) throws(RaftError) -> RaftLogRecovery
    /// Keeps the group's current term and vote.
    func setHardState(group: RaftGroupID, _ state: RaftHardState) throws(RaftError)
    /// Appends entries; the first one's index must be the log's last + 1.
    func append(group: RaftGroupID, _ entries: [RaftEntry]) throws(RaftError)
    /// Removes the entries from `index` on, if there are any.
    func truncateSuffix(group: RaftGroupID, from index: RaftIndex) throws(RaftError)
    /// Forgets the entries up to `index`, which a durable snapshot covers. Where `index` lies
    /// beyond the last entry, or the entry there has another term, the log starts again, empty,
    /// after it.
    func compactPrefix(group: RaftGroupID, through index: RaftIndex, term: RaftTerm)
        throws(RaftError)
    /// Makes all changes durable.
    ///
    /// - Throws: code `.noSpace` when the disk is full: nothing is lost, and `sync` may be called
    ///   again. (`append` may throw it too; entries before the one that didn't fit are kept.)
    func sync() throws(RaftError)
    /// Whether so little space is left that the node should refuse proposals.
    var isSpaceLow: Bool { get }
    /// Tries again to get the space that is missing.
    func reserveSpace() throws(RaftError)
    /// Whether the next `sync` does nothing but write a little and wait for the disk once, so that
    /// on a fast disk it takes a fraction of a millisecond.
    var isSyncShort: Bool { get }
    /// Makes everything durable and closes the store.
    func close() throws(RaftError)
    /// Reads entries `first...last` in order: at least one, and no more once `byteCountMax`
    /// payload bytes are reached.
    func entries(
        group: RaftGroupID, from first: RaftIndex, through last: RaftIndex, byteCountMax: Int
    ) throws(RaftError) -> [RaftEntry]
}

extension RaftLogStore {
    /// False: a store that knows no such thing.
    public var isSpaceLow: Bool { false }
    /// Does nothing.
    public func reserveSpace() throws(RaftError) {}
    /// False: a store that knows no such thing.
    public var isSyncShort: Bool { false }
    /// Does nothing.
    public func close() throws(RaftError) {}
}

/// A Raft group's number; a node hosts many groups, each with its own log and leader.
public typealias RaftGroupID = UInt64
