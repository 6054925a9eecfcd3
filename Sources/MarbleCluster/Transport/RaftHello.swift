internal import MarbleRaft

/// Who speaks: the first thing said on a connection between nodes, in both directions.
struct RaftHello: Sendable, Equatable {
    /// The versions of `docs/formats/raft-wire.md` that this code speaks.
    static let version: UInt64 = 1

    var clusterID: String
    /// 0 from a transport that isn't part of a Raft group.
    var nodeID: RaftNodeID
    /// How the sender is reached.
    var endpoint: String
    var versionMin: UInt64 = RaftHello.version
    var versionMax: UInt64 = RaftHello.version
    /// Bits for what a later version can do beyond its number; none is defined yet.
    var features: UInt64 = 0
    /// Drawn when the sender's data directory was made.
    var incarnation: UInt64
    /// In an answer: the incarnation by which the answering node knew the asking seat; 0 if it
    /// didn't.
    var knownIncarnation: UInt64 = 0
}
