internal import MarbleCluster
internal import MarbleRaft
internal import NIOCore

/// Something that is due at some virtual time. An event for a node names the incarnation that it is
/// for: what was meant for a process that crashed since then is dropped.
enum SimulationEvent: Sendable {
    /// The incarnation is the sender's.
    case deliver(RaftBatch, from: RaftNodeID, incarnation: UInt64, to: RaftNodeID)
    case connectionBroke(node: RaftNodeID, incarnation: UInt64, peer: RaftNodeID)
    case connectionOpened(node: RaftNodeID, incarnation: UInt64, peer: RaftNodeID)
    case tick(node: RaftNodeID, incarnation: UInt64)
    /// The node's log thread takes all that has gathered, writes and syncs.
    case logRun(node: RaftNodeID, incarnation: UInt64)
    /// The node's log thread reports what it has done.
    case logDone(node: RaftNodeID, incarnation: UInt64)
    case applyDone(node: RaftNodeID, incarnation: UInt64)
    case snapshotWrite(node: RaftNodeID, incarnation: UInt64)
    case snapshotFetch(SnapshotFetch)
    case snapshotPart(SnapshotFetch, ByteBuffer, fileByteCount: UInt64)
    case snapshotFetchFailed(SnapshotFetch)
    case snapshotRestore(SnapshotFetch)
    case restart(node: RaftNodeID, incarnation: UInt64)
    case clientStart(client: Int)
    case clientTimeout(client: Int, operation: UInt64)
    case fault
    /// Something goes wrong for a node at a moment that matters.
    case faultAtMoment(node: RaftNodeID, incarnation: UInt64)

    var node: RaftNodeID? {
        switch self {
        case .deliver(_, _, _, let to): to
        case .connectionBroke(let node, _, _), .connectionOpened(let node, _, _),
            .tick(let node, _), .logRun(let node, _),
            .logDone(let node, _), .applyDone(let node, _), .snapshotWrite(let node, _),
            .restart(let node, _), .faultAtMoment(let node, _):
            node
        case .snapshotFetch(let fetch): fetch.peer
        case .snapshotPart(let fetch, _, _), .snapshotFetchFailed(let fetch),
            .snapshotRestore(let fetch):
            fetch.node
        case .clientStart, .clientTimeout, .fault: nil
        }
    }

    /// Tells kinds apart in the trace's hash.
    var code: UInt64 {
        switch self {
        case .deliver: 1
        case .connectionBroke: 2
        case .tick: 3
        case .logRun: 4
        case .logDone: 5
        case .applyDone: 6
        case .snapshotWrite: 7
        case .snapshotFetch: 8
        case .snapshotPart: 9
        case .snapshotFetchFailed: 10
        case .snapshotRestore: 11
        case .restart: 12
        case .clientStart: 13
        case .clientTimeout: 14
        case .fault: 15
        case .faultAtMoment: 16
        case .connectionOpened: 17
        }
    }
}

/// One pull of a peer's snapshot: asked for and answered part by part.
struct SnapshotFetch: Sendable {
    var node: RaftNodeID
    var incarnation: UInt64
    var peer: RaftNodeID
    var name: SnapshotStore.Name
    /// Tells a late part of an attempt that was given up from those of the current one.
    var attempt: UInt64
    var offset: UInt64 = 0
}

extension SimulationEvent: CustomStringConvertible {
    var description: String {
        switch self {
        case .deliver(let batch, let from, _, let to):
            "\(from) -> \(to): " + batch.messages.map { $0.summary }.joined(separator: "; ")
        case .connectionBroke(let node, _, let peer): "\(node): connection to \(peer) broke"
        case .connectionOpened(let node, _, let peer): "\(node): connection to \(peer) opened"
        case .tick(let node, _): "\(node): tick"
        case .logRun(let node, _): "\(node): log writes and syncs"
        case .logDone(let node, _): "\(node): log reports"
        case .applyDone(let node, _): "\(node): applied"
        case .snapshotWrite(let node, _): "\(node): writes a snapshot"
        case .snapshotFetch(let fetch):
            "\(fetch.peer): asked by \(fetch.node) for snapshot \(fetch.name.index) at \(fetch.offset)"
        case .snapshotPart(let fetch, let bytes, let total):
            "\(fetch.node): gets \(bytes.readableBytes) of \(total) bytes of snapshot \(fetch.name.index)"
        case .snapshotFetchFailed(let fetch): "\(fetch.node): no snapshot \(fetch.name.index)"
        case .snapshotRestore(let fetch): "\(fetch.node): restores snapshot \(fetch.name.index)"
        case .restart(let node, _): "\(node): restarts"
        case .clientStart(let client): "client \(client) goes on"
        case .clientTimeout(let client, _): "client \(client) gives up waiting"
        case .fault: "fault"
        case .faultAtMoment(let node, _): "fault of node \(node) at this moment"
        }
    }
}

extension RaftMessage {
    /// For a trace.
    var summary: String { "t\(term) \(body)" }

    /// A number that differs between messages that differ in substance, the same in every run.
    var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.add(term)
        switch body {
        case .preVoteRequest(let index, let term): hash.add(1, index, term)
        case .preVoteResponse(let granted): hash.add(2, granted ? 1 : 0)
        case .voteRequest(let index, let term, let transfer):
            hash.add(3, index, term, transfer ? 1 : 0)
        case .voteResponse(let granted): hash.add(4, granted ? 1 : 0)
        case .appendRequest(let append):
            hash.add(5, append.previousIndex, append.lastIndex, append.commitIndex)
        case .appendResponse(let response):
            switch response.outcome {
            case .accepted(let index): hash.add(6, index)
            case .rejected(let previous, let hint, let term, let last):
                hash.add(7, previous, hint, term)
                hash.add(last)
            }
        case .heartbeat(let commit, let sequence): hash.add(8, commit, sequence)
        case .heartbeatResponse(let sequence, let last, _): hash.add(9, sequence, last)
        case .snapshotOffer(let index, let term): hash.add(10, index, term)
        case .snapshotResponse(let installed, let index): hash.add(11, installed ? 1 : 0, index)
        case .timeoutNow: hash.add(12)
        case .readIndexRequest(let context): hash.add(13, context)
        case .readIndexResponse(let context, let index): hash.add(14, context, index ?? .max)
        }
        return hash.value
    }
}
