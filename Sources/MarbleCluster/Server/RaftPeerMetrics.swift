internal import CoreMetrics

/// What goes to one peer and comes from it.
final class RaftPeerMetrics: Sendable {
    private unowned let totals: RaftMetrics
    private let messagesSent: Counter
    private let messagesReceived: Counter
    private let bytesSent: Counter
    private let bytesReceived: Counter
    private let entriesSent: Counter
    private let entriesReceived: Counter
    private let connects: Counter
    private let connectFailures: Counter
    private let sendFailures: Counter
    private let isConnected: Gauge

    /// - Parameter totals: The node's metrics, which own these.
    init(_ endpoint: String, totals: RaftMetrics, factory: any MetricsFactory) {
        self.totals = totals
        let dimensions = [("peer", endpoint)]
        func counter(_ name: String) -> Counter {
            Counter(label: "raft_\(name)", dimensions: dimensions, factory: factory)
        }
        messagesSent = counter("messages_sent")
        messagesReceived = counter("messages_received")
        bytesSent = counter("bytes_sent")
        bytesReceived = counter("bytes_received")
        entriesSent = counter("entries_sent")
        entriesReceived = counter("entries_received")
        connects = counter("peer_connects")
        connectFailures = counter("peer_connect_failures")
        sendFailures = counter("sends_refused")
        isConnected = Gauge(label: "raft_peer_connected", dimensions: dimensions, factory: factory)
    }

    func sent(messageCount: Int, entryCount: Int, byteCount: Int) {
        totals.messagesSent.increment(by: messageCount)
        totals.entriesSent.increment(by: entryCount)
        totals.bytesSent.increment(by: byteCount)
        messagesSent.increment(by: messageCount)
        entriesSent.increment(by: entryCount)
        bytesSent.increment(by: byteCount)
    }

    func received(messageCount: Int, entryCount: Int, byteCount: Int) {
        totals.messagesReceived.increment(by: messageCount)
        totals.entriesReceived.increment(by: entryCount)
        totals.bytesReceived.increment(by: byteCount)
        messagesReceived.increment(by: messageCount)
        entriesReceived.increment(by: entryCount)
        bytesReceived.increment(by: byteCount)
    }

    /// A message had no connection, or too much waited on it.
    func sendRefused() { sendFailures.increment() }

    func connected() {
        totals.connects.increment()
        connects.increment()
        isConnected.record(1)
    }

    func connectionFailed() {
        totals.connectFailures.increment()
        connectFailures.increment()
        isConnected.record(0)
    }
}
