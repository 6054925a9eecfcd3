import Logging
import NIOCore
import NIOSSL

/// One place of the client's pool: at most one connection that takes calls, made when a call needs it.
///
/// Bound to its event loop.
final class FlightClientConnection: @unchecked Sendable {
    private enum Phase {
        case idle
        /// Calls wait for the server's first words.
        case connecting([FlightStream])
        /// Calls wait for the next attempt.
        case pausing([FlightStream], Scheduled<Void>)
        case ready(FlightClientChannel)
        case closed
    }

    /// A stream that finds only connections that end before it is written gives up after so many.
    private static let openingsMax = 4

    let number: Int
    let eventLoop: any EventLoop
    let isPinned: Bool
    let peerName: String
    let pool: ClientPool
    let configuration: FlightClientConfiguration
    private var phase: Phase
    /// Whether a connection has stood here: the next one takes its place.
    private var hasConnected = false
    /// Connections that take no more calls but have some open.
    private var draining: [ObjectIdentifier: FlightClientChannel] = [:]
    /// The attempt to connect that counts, and its connection once TCP has one.
    private var attemptNumber = 0
    private var attempt: FlightClientChannel?
    private var attemptTimeout: Scheduled<Void>?

    /// - Parameter isPinned: Whether only calls that ask for its event loop come here.
    init(
        pool: ClientPool, number: Int, eventLoop: any EventLoop, isPinned: Bool, isClosed: Bool
    ) {
        self.pool = pool
        self.number = number
        self.eventLoop = eventLoop
        self.isPinned = isPinned
        self.configuration = pool.configuration
        self.phase = isClosed ? .closed : .idle
        peerName = configuration.peerName
    }

    /// Puts the stream on a connection, or ends it with the reason why there is none.
    func open(_ stream: FlightStream, delegate: any FlightStreamDelegate) {
        eventLoop.assertInEventLoop()
        guard stream.phase == .opening else {
            // Cancelled before it came here.
            return delegate.flightStream(stream, closed: stream.closeReason)
        }
        stream.delegate = delegate
        stream.startMiddleware(configuration.middleware)
        stream.startDeadline()
        admit(stream)
    }

    /// Takes back a stream whose connection ended before anything of it was written.
    func reopen(_ stream: FlightStream) {
        guard stream.phase == .opening else { return }
        guard stream.openingCount < Self.openingsMax else {
            var error = FlightError(
                .unavailable,
                "connections to \(peerName) end as soon as they stand; see why the server closes them"
            )
            error.reach = .refused
            return stream.openingFailed(error)
        }
        admit(stream)
    }

    private func admit(_ stream: FlightStream) {
        switch phase {
        case .idle:
            begin(with: [stream])
        case .connecting(var waiting):
            phase = .idle
            waiting.append(stream)
            phase = .connecting(waiting)
        case .pausing(let waiting, let pause):
            pause.cancel()
            begin(with: waiting + [stream])
        case .ready(let channel):
            channel.open(stream)
        case .closed:
            // Not before the caller has its stream.
            eventLoop.execute { stream.openingFailed(.clientClosed) }
        }
    }

    /// Connects for the calls that wait; while that isn't tried, ends those that don't want to wait.
    private func begin(with waiting: [FlightStream]) {
        guard let (error, until) = pool.refusalToConnect(peerName) else {
            phase = .connecting(waiting)
            return connect()
        }
        pause(waiting, until: until, error)
    }

    private func pause(_ waiting: [FlightStream], until: NIODeadline, _ error: FlightError) {
        var patient: [FlightStream] = []
        for stream in waiting where !stream.isClosed {
            if stream.waitsForReady {
                patient.append(stream)
            } else {
                eventLoop.execute { stream.openingFailed(error) }
            }
        }
        guard !patient.isEmpty else {
            phase = .idle
            return
        }
        phase = .pausing(
            patient,
            eventLoop.scheduleTask(deadline: until) {
                guard case .pausing(let waiting, _) = self.phase else { return }
                self.begin(with: waiting.filter { !$0.isClosed })
            })
    }

    /// Connects, if that may be tried, for nobody.
    func probe() {
        eventLoop.execute {
            if case .idle = self.phase { self.begin(with: []) }
        }
    }

    func pingedTooOften(every interval: Duration) {
        pool.pingedTooOften(every: interval)
    }

    func callEnded(_ error: FlightError?) {
        pool.callEnded(at: number, error)
    }

    // MARK: Connecting

    private func connect() {
        attemptNumber += 1
        let number = attemptNumber
        attemptTimeout = eventLoop.scheduleTask(in: TimeAmount(configuration.connectTimeout)) {
            self.attemptTimedOut()
        }
        guard let tls = pool.tls else { return connect(number, nil) }
        tls.context(on: eventLoop).whenComplete { result in
            switch result {
            case .success(let context): self.connect(number, context)
            case .failure(let error):
                self.attemptFailed(
                    ConnectionFailure(unusableTLS: error, to: self.peerName), number)
            }
        }
    }

    private func connect(_ number: Int, _ tlsContext: NIOSSLContext?) {
        makeChannel(number, tlsContext).hop(to: eventLoop).whenComplete { result in
            switch result {
            case .success(let channel): self.connected(channel, number)
            case .failure(let error):
                self.attemptFailed(
                    ConnectionFailure(
                        to: self.peerName, within: self.configuration.connectTimeout, error),
                    number)
            }
        }
    }

    private func connected(_ channel: any Channel, _ number: Int) {
        guard number == attemptNumber, case .connecting = phase, channel.isActive,
            let state = try? channel.pipeline.syncOperations.handler(
                type: FlightClientChannelHandler.self
            ).state
        else { return channel.close(promise: nil) }
        if !state.isEstablished { attempt = state }
    }

    private func attemptTimedOut() {
        let timeout = configuration.connectTimeout
        let failure =
            attempt == nil
            ? ConnectionFailure.noAnswer(from: peerName, within: timeout)
            : ConnectionFailure.silence(of: peerName, for: timeout)
        attemptFailed(failure, attemptNumber)
    }

    private func attemptFailed(_ failure: ConnectionFailure, _ number: Int) {
        guard number == attemptNumber else { return }
        attemptTimeout?.cancel()
        let channel = attempt?.channel
        attempt = nil
        guard case .connecting(let waiting) = phase else { return }
        pool.logger.debug("connecting failed", metadata: ["error": "\(failure.error)"])
        pause(waiting, until: pool.connectingFailed(failure), failure.error)
        channel?.close(promise: nil)
    }

    /// The server has said its first words.
    func channelEstablished(_ channel: FlightClientChannel) {
        guard channel.attemptNumber == attemptNumber, case .connecting(let waiting) = phase else {
            return channel.end()
        }
        attemptTimeout?.cancel()
        attempt = nil
        pool.connectionStands(again: hasConnected)
        hasConnected = true
        channel.wasReady = true
        phase = .ready(channel)
        for stream in waiting { channel.open(stream) }
    }

    /// The connection takes no new calls; the next one gets another.
    func channelDrains(_ channel: FlightClientChannel) {
        if case .ready(let current) = phase, current === channel { phase = .idle }
        draining[ObjectIdentifier(channel)] = channel
    }

    func channelClosed(_ channel: FlightClientChannel, _ failure: FlightError?) {
        guard channel.wasReady else {
            let failure =
                failure?.cause.map {
                    ConnectionFailure(to: peerName, within: configuration.connectTimeout, $0)
                } ?? .closed(by: peerName, cause: failure)
            return attemptFailed(failure, channel.attemptNumber)
        }
        draining[ObjectIdentifier(channel)] = nil
        pool.connectionEnded()
        if case .ready(let current) = phase, current === channel { phase = .idle }
    }

    // MARK: End

    func close() async {
        let closed = eventLoop.makePromise(of: Void.self)
        eventLoop.execute { self.close(closed) }
        await closed.futureResult.completed()
    }

    /// Nobody makes calls any more: closes without anyone waiting for it.
    func abandon() {
        eventLoop.execute { self.close(nil) }
    }

    private func close(_ closed: EventLoopPromise<Void>?) {
        var channels = Array(draining.values)
        if let attempt { channels.append(attempt) }
        var waiting: [FlightStream] = []
        switch phase {
        case .ready(let channel): channels.append(channel)
        case .connecting(let streams): waiting = streams
        case .pausing(let streams, let pause):
            pause.cancel()
            waiting = streams
        case .idle, .closed: break
        }
        phase = .closed
        attemptTimeout?.cancel()
        for stream in waiting { stream.openingFailed(.clientClosed) }
        let futures = channels.map { $0.channel.closeFuture }
        for channel in channels { channel.end() }
        EventLoopFuture.andAllComplete(futures, on: eventLoop).cascade(to: closed)
    }
}
