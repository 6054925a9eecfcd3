internal import NIOConcurrencyHelpers
internal import Synchronization

/// Counters of a node's Raft and transport, by name (`messages_sent`, `messages_received`, …).
public final class RaftMetrics: Sendable {
    /// A number that only grows.
    public final class Counter: Sendable {
        private let count = Atomic<UInt64>(0)

        /// The count so far.
        public var value: UInt64 { count.load(ordering: .relaxed) }

        func increment(by amount: Int = 1) {
            count.wrappingAdd(UInt64(clamping: amount), ordering: .relaxed)
        }
    }

    let messagesSent = Counter()
    let messagesReceived = Counter()
    let bytesSent = Counter()
    let bytesReceived = Counter()
    let entriesSent = Counter()
    let entriesReceived = Counter()
    let connects = Counter()
    let connectFailures = Counter()
    let refusals = Counter()
    let proposals = Counter()
    let entriesApplied = Counter()
    let elections = Counter()
    let snapshotsMade = Counter()
    let snapshotsInstalled = Counter()

    init() {}

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
}
