internal import Logging
internal import MarbleFlight
internal import MarbleRaft
internal import NIOCore

/// This node's stream to one peer: connected, greeted, and made anew with growing pauses when it
/// breaks. It lives on the group's event loop.
final class PeerLink: FlightStreamDelegate, @unchecked Sendable {
    // Sendable because references travel to the loop; everything is touched on the loop only.

    private enum Phase {
        case idle
        case greeting(FlightStream)
        case open(FlightStream)
        case pausing
        case closed
    }

    let peer: RaftNodeID
    let endpoint: String
    private let client: FlightClient
    private let eventLoop: any EventLoop
    private weak let owner: (any PeerLinkOwner)?
    private let clusterID: String
    private var phase = Phase.idle
    private var pause: Duration = PeerLink.pauseMin
    private var retry: Scheduled<Void>?

    private static let pauseMin: Duration = .milliseconds(20)
    private static let pauseMax: Duration = .milliseconds(1000)
    /// More than the driver keeps in flight to a peer; past it the peer is given up for now.
    private static let queuedByteCountMax = 96 << 20
    private static let greetingTimeout: TimeAmount = .seconds(5)

    init(
        peer: RaftNodeID, endpoint: String, client: FlightClient, eventLoop: any EventLoop,
        clusterID: String, owner: any PeerLinkOwner
    ) {
        self.peer = peer
        self.endpoint = endpoint
        self.client = client
        self.eventLoop = eventLoop
        self.clusterID = clusterID
        self.owner = owner
    }

    func start() {
        eventLoop.preconditionInEventLoop()
        guard case .idle = phase else { return }
        dial()
    }

    func close() {
        eventLoop.preconditionInEventLoop()
        retry?.cancel()
        let before = phase
        phase = .closed
        switch before {
        case .greeting(let stream), .open(let stream): stream.cancel()
        case .idle, .pausing, .closed: break
        }
    }

    /// The peer has just called: it is up, so there is nothing to pause for.
    func peerIsUp() {
        eventLoop.preconditionInEventLoop()
        guard case .pausing = phase else { return }
        retry?.cancel()
        pause = Self.pauseMin
        dial()
    }

    /// Queues a message; it leaves with everything else of the loop's turn. False without a
    /// connection, or with too much queued on it.
    func send(_ data: FlightData) -> Bool {
        guard case .open(let stream) = phase,
            stream.pendingByteCount < Self.queuedByteCountMax
        else { return false }
        stream.send(data)
        return true
    }

    private func dial() {
        guard let owner else { return }
        let hello = owner.hello(for: self)
        let metadata = FlightMetadata(clusterHeader: clusterID)
        let stream = client.openStream(
            .doExchange, options: FlightCallOptions(metadata: metadata), on: eventLoop,
            delegate: self)
        phase = .greeting(stream)
        stream.send(
            FlightData(
                descriptor: .path([RaftWire.pathHead, clusterID]),
                appMetadata: RaftEnvelope(hello: hello).encoded()))
        retry = eventLoop.scheduleTask(in: Self.greetingTimeout) {
            if case .greeting(let waiting) = self.phase, waiting === stream { stream.cancel() }
        }
    }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        guard case .greeting = phase, let first = messages.first else { return }
        guard let hello = try? RaftEnvelope(decoding: first.appMetadata).hello else {
            return stream.cancel()
        }
        retry?.cancel()
        phase = .open(stream)
        pause = Self.pauseMin
        owner?.linkOpened(self, hello)
    }

    func flightStreamInputEnded(_ stream: FlightStream) {}

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        retry?.cancel()
        switch phase {
        case .greeting(let current) where current === stream,
            .open(let current) where current === stream:
            phase = .pausing
        case .idle, .greeting, .open, .pausing, .closed:
            return
        }
        owner?.linkBroke(
            self, error ?? FlightError(.unavailable, "the peer has closed the stream"))
        let jitter = Double.random(in: 0.5...1.0)
        let nanoseconds = Int64(Double(pause.wholeNanoseconds) * jitter)
        pause = min(pause * 2, Self.pauseMax)
        retry = eventLoop.scheduleTask(in: .nanoseconds(nanoseconds)) {
            guard case .pausing = self.phase else { return }
            self.dial()
        }
    }
}

extension FlightMetadata {
    fileprivate init(clusterHeader clusterID: String) {
        self.init()
        add(RaftWire.clusterHeader, bytes: Array(clusterID.utf8))
    }
}

/// Hears of a link; called on the link's event loop.
protocol PeerLinkOwner: AnyObject, Sendable {
    func hello(for link: PeerLink) -> RaftHello
    func linkOpened(_ link: PeerLink, _ hello: RaftHello)
    func linkBroke(_ link: PeerLink, _ error: FlightError)
}
