internal import MarbleFlight
internal import NIOCore

/// A `do_put` stream on a node that doesn't lead: its messages go on to the leader as they came, the
/// leader's PutResults and status come back the same way. Both streams share one event loop, and each
/// pauses the other when its own peer is slow.
final class ForwardedPut: FlightStreamDelegate, @unchecked Sendable {
    // Sendable because the client hands it to the loop that both streams live on; the state is only
    // touched there.

    /// Reading from the leader pauses when so much waits for the client.
    private static let waitingByteCountMax = 1 << 20

    /// Messages are kept for another leader up to about so many bytes.
    private static let keptByteCountMax = 8 << 20

    /// Takes the stream back when no leader has taken anything of it.
    private let returning: ([FlightData], FlightError) -> Void
    private let client: FlightStream
    private let table: String
    private let leader: String
    private let origin: UInt64
    private var upstream: FlightStream?
    private var isClientPaused = false
    private var isLeaderPaused = false
    private var isClientClosed = false
    private var resultCount: UInt64 = 0

    /// Everything sent so far, for another leader; nil once this one has answered, or when it is too much.
    private var kept: [FlightData]? = []
    private var keptByteCount = 0
    /// What waited to leave after the last send. Less than that means that some of it has left.
    private var waitingByteCount = 0

    init(
        client: FlightStream, table: String, leader: String, origin: UInt64,
        returning: @escaping ([FlightData], FlightError) -> Void
    ) {
        self.client = client
        self.returning = returning
        self.table = table
        self.leader = leader
        self.origin = origin
    }

    /// Opens the stream to the leader.
    func open(_ leaderClient: FlightClient) {
        var options = FlightCallOptions()
        for entry in client.metadata.entries where !Self.isHopByHop(entry.name) {
            options.metadata.add(entry.name, entry.value)
        }
        options.metadata.add(Forwarding.header, String(origin))
        if let deadline = client.deadline {
            options.timeout = .nanoseconds((deadline - .now()).nanoseconds)
        }
        upstream = leaderClient.openStream(
            .doPut, options: options, on: client.eventLoop, delegate: self)
    }

    /// Headers that are about the connection they came on, and the client's credentials: this node has
    /// checked them, and calls the leader by its own.
    private static func isHopByHop(_ name: String) -> Bool {
        switch name {
        case "user-agent", "host", "connection", "authorization", "auth-token-bin": true
        default: false
        }
    }

    func received(_ messages: inout [FlightData]) {
        guard let upstream else { return }
        let hasLeft = upstream.pendingByteCount < waitingByteCount
        if hasLeft, keptByteCount > Self.keptByteCountMax { kept = nil }
        upstream.send(contentsOf: messages)
        waitingByteCount = upstream.pendingByteCount
        if kept != nil {
            for message in messages { keptByteCount += message.dataBody.readableBytes }
            kept?.append(contentsOf: messages)
        }
        guard !upstream.isWritable, !isClientPaused else { return }
        isClientPaused = true
        client.pauseReading()
    }

    func inputEnded() {
        upstream?.endInput()
    }

    func clientWritabilityChanged() {
        guard client.isWritable, isLeaderPaused else { return }
        isLeaderPaused = false
        upstream?.resumeReading()
    }

    func clientClosed() {
        isClientClosed = true
        upstream?.cancel()
    }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        guard !isClientClosed else { return }
        resultCount += UInt64(messages.count)
        kept = nil
        client.send(contentsOf: messages)
        guard client.pendingByteCount > Self.waitingByteCountMax, !isLeaderPaused else { return }
        isLeaderPaused = true
        stream.pauseReading()
    }

    func flightStreamInputEnded(_ stream: FlightStream) {}

    func flightStreamWritabilityChanged(_ stream: FlightStream) {
        guard stream.isWritable, isClientPaused else { return }
        isClientPaused = false
        client.resumeReading()
    }

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        upstream = nil
        guard !isClientClosed else { return }
        guard let error else { return client.finish(nil) }
        // Anything else may have been taken already: sent again, its rows would be there twice.
        let isRefused = stream.trailingMetadata.first(Forwarding.refusedTrailer) != nil
        if isRefused || error.isUnprocessed, let kept {
            if isClientPaused { client.resumeReading() }
            return returning(kept, error)
        }
        // A status that the leader gave names the batch itself.
        guard stream.trailingMetadata.first("grpc-status") == nil else {
            return client.finish(error)
        }
        client.finish(
            FlightError(
                .unavailable,
                "the connection to the leader \(leader) broke (\(error.message)): of table"
                    + " \"\(table)\" the batches before batch \(resultCount) (counted from 0) are"
                    + " committed, the outcome of those from there on is unknown; write them again"
                    + " with a session and the same sequence numbers, which takes effect once",
                cause: error))
    }
}
