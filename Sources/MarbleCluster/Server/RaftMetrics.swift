internal import CoreMetrics
internal import MarbleRaft
internal import NIOConcurrencyHelpers
internal import Synchronization

/// What a node's Raft and transport count, by name (`messages_sent`, `messages_received`, …).
///
/// The counts can be read here, and go to swift-metrics as well, with more detail: `raft_messages_sent` by
/// peer, for instance. `docs/metrics.md` has them all.
public final class RaftMetrics: Sendable {
    /// A number that only grows.
    public final class Counter: Sendable {
        private let count = Atomic<UInt64>(0)
        private let exported: CoreMetrics.Counter?

        init(exported: CoreMetrics.Counter? = nil) { self.exported = exported }

        /// The count so far.
        public var value: UInt64 { count.load(ordering: .relaxed) }

        func increment(by amount: Int = 1) {
            count.wrappingAdd(UInt64(clamping: amount), ordering: .relaxed)
            exported?.increment(by: amount)
        }
    }

    // Sums over all peers; what is exported is counted by peer.
    let messagesSent = Counter()
    let messagesReceived = Counter()
    let bytesSent = Counter()
    let bytesReceived = Counter()
    let entriesSent = Counter()
    let entriesReceived = Counter()
    let connects = Counter()
    let connectFailures = Counter()

    let refusals: Counter
    let proposals: Counter
    let entriesApplied: Counter
    let elections: Counter
    let snapshotsMade: Counter
    let snapshotsInstalled: Counter

    /// How long the log's syncs take.
    let logSync: CoreMetrics.Timer
    private let factory: any MetricsFactory
    private let peers = NIOLockedValueBox<[String: RaftPeerMetrics]>([:])

    init(factory: any MetricsFactory) {
        self.factory = factory
        func counter(_ label: String) -> Counter {
            Counter(exported: CoreMetrics.Counter(label: label, factory: factory))
        }
        refusals = counter("raft_peer_refusals")
        proposals = counter("raft_proposals")
        entriesApplied = counter("raft_entries_applied")
        elections = counter("raft_elections")
        snapshotsMade = counter("raft_snapshots_made")
        snapshotsInstalled = counter("raft_snapshots_installed")
        logSync = CoreMetrics.Timer(label: "log_sync_duration", factory: factory)
    }

    /// All counters, by name, sorted.
    public var counters: [(name: String, counter: Counter)] {
        [
            ("bytes_received", bytesReceived),
            ("bytes_sent", bytesSent),
            ("elections", elections),
            ("entries_applied", entriesApplied),
            ("entries_received", entriesReceived),
            ("entries_sent", entriesSent),
            ("messages_received", messagesReceived),
            ("messages_sent", messagesSent),
            ("peer_connect_failures", connectFailures),
            ("peer_connects", connects),
            ("peer_refusals", refusals),
            ("proposals", proposals),
            ("snapshots_installed", snapshotsInstalled),
            ("snapshots_made", snapshotsMade),
        ]
    }

    /// The counter of that name; nil where there is none.
    public func counter(_ name: String) -> Counter? {
        counters.first { $0.name == name }?.counter
    }

    /// What is counted of one peer.
    func peer(_ endpoint: String) -> RaftPeerMetrics {
        peers.withLockedValue { peers in
            if let metrics = peers[endpoint] { return metrics }
            let metrics = RaftPeerMetrics(endpoint, totals: self, factory: factory)
            peers[endpoint] = metrics
            return metrics
        }
    }

    /// What is shown of one group.
    func group(_ id: RaftGroupID) -> RaftGroupMetrics {
        RaftGroupMetrics(id, factory: factory)
    }
}
