import Logging
import NIOConcurrencyHelpers
import NIOCore

/// The connections of a client to its server, and what is known of the server. From any thread.
final class ClientPool: Sendable {
    private struct State {
        var connections: [FlightClientConnection] = []
        var spread: ConnectionSpread
        var circuit: ConnectionCircuit
        var problem: FlightClientHealth.Problem?
        var connectionsOpen = 0
        /// Why the last call's credentials weren't accepted.
        var refusal: FlightError?
        var retryBudget: RetryBudget
        /// How often new connections ask for a sign of life.
        var keepaliveInterval: Duration?
        var isClosed = false
    }

    let configuration: FlightClientConfiguration
    let logger: Logger
    let metrics: FlightMetrics
    let tls: ClientTLS?
    private let eventLoopGroup: any EventLoopGroup
    private let state: NIOLockedValueBox<State>

    init(
        configuration: FlightClientConfiguration, eventLoopGroup: any EventLoopGroup,
        logger: Logger
    ) {
        self.configuration = configuration
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        self.metrics = FlightMetrics(
            client: configuration.metricsFactory, peer: configuration.peerName)
        self.tls = configuration.tls.map { ClientTLS($0, logger: logger) }
        self.state = NIOLockedValueBox(
            State(
                spread: ConnectionSpread(
                    smallCountMax: configuration.connectionCount,
                    bulkCountMax: configuration.bulkConnectionCount),
                circuit: ConnectionCircuit(
                    backoff: configuration.reconnectBackoff,
                    failuresToOpen: configuration.connectFailuresToPause),
                retryBudget: RetryBudget(configuration.retryThrottle),
                keepaliveInterval: configuration.keepaliveInterval))
    }

    /// The connection of a call, which counts as open there until ``callEnded(at:_:)``.
    func connection(
        for lane: ConnectionSpread.Lane, on eventLoop: (any EventLoop)?
    ) -> FlightClientConnection {
        state.withLockedValue { state in
            guard let eventLoop else {
                let number = state.spread.begin(lane)
                if number < state.connections.count { return state.connections[number] }
                return addConnection(number, on: eventLoopGroup.next(), isPinned: false, &state)
            }
            if let found = state.connections.first(where: {
                $0.isPinned && $0.eventLoop === eventLoop
            }) {
                state.spread.begin(at: found.number)
                return found
            }
            let number = state.spread.beginPinned()
            return addConnection(number, on: eventLoop, isPinned: true, &state)
        }
    }

    func probe() {
        let connection = state.withLockedValue { state in
            let number = state.spread.begin(.small)
            defer { state.spread.end(at: number) }
            if number < state.connections.count { return state.connections[number] }
            return addConnection(number, on: eventLoopGroup.next(), isPinned: false, &state)
        }
        connection.probe()
    }

    private func addConnection(
        _ number: Int, on eventLoop: any EventLoop, isPinned: Bool, _ state: inout State
    ) -> FlightClientConnection {
        let connection = FlightClientConnection(
            pool: self, number: number, eventLoop: eventLoop, isPinned: isPinned,
            isClosed: state.isClosed)
        if !state.isClosed { state.connections.append(connection) }
        return connection
    }

    func callEnded(at number: Int, _ error: FlightError?) {
        state.withLockedValue { state in
            state.spread.end(at: number)
            guard let error else {
                state.retryBudget.succeeded()
                if state.refusal != nil { state.refusal = nil }
                return
            }
            if error.code == .unauthenticated { state.refusal = error }
            if error.reach == .refused || configuration.retry.codes.contains(error.code) {
                state.retryBudget.failed()
            }
        }
    }

    /// Whether calls may be made again now.
    var allowsRetry: Bool { state.withLockedValue { $0.retryBudget.allowsRetry } }

    var keepaliveInterval: Duration? { state.withLockedValue { $0.keepaliveInterval } }

    // MARK: What connections report

    /// The server has ended a connection for its pings, one every `interval`: those to come ping half as
    /// often. Source: gRPC, proposal A8, "Client-side keepalive".
    func pingedTooOften(every interval: Duration) {
        let isNews = state.withLockedValue { state in
            guard state.keepaliveInterval == interval else { return false }
            state.keepaliveInterval = interval * 2
            return true
        }
        guard isNews else { return }
        logger.warning(
            "the server takes fewer pings: raise keepaliveInterval, or the server's pingsPerMinuteMax",
            metadata: ["peer": "\(configuration.peerName)", "next_interval": "\(interval * 2)"])
    }

    /// - Returns: `nil` if the server may be tried; else what a call that doesn't wait ends with, and
    ///   when the next attempt may be.
    func refusalToConnect(_ peer: String) -> (error: FlightError, until: NIODeadline)? {
        let now = NIODeadline.now()
        return state.withLockedValue { state in
            guard case .refused(let until) = state.circuit.mayConnect(now: now) else { return nil }
            let error = FlightError.notTriedAgainYet(
                peer, for: until - now, after: state.circuit.failureCount,
                state.circuit.lastFailure)
            return (error, until)
        }
    }

    /// - Parameter again: Whether the place had a connection before.
    func connectionStands(again: Bool) {
        metrics.connectionOpened()
        if again { metrics.reconnected() }
        state.withLockedValue { state in
            state.circuit.succeeded()
            state.problem = nil
            state.connectionsOpen += 1
        }
    }

    func connectionEnded() {
        metrics.connectionClosed()
        state.withLockedValue { $0.connectionsOpen -= 1 }
    }

    /// - Returns: When those that wait for the server may try again.
    func connectingFailed(_ failure: ConnectionFailure) -> NIODeadline {
        metrics.connectionFailed()
        let random = Double.random(in: 0...1)
        return state.withLockedValue { state in
            state.problem = failure.problem
            state.circuit.failed(failure.error, now: .now(), random: random)
            return state.circuit.nextAttempt
        }
    }

    var health: FlightClientHealth {
        let now = NIODeadline.now()
        return state.withLockedValue { state in
            var health = FlightClientHealth()
            health.circuit =
                switch state.circuit.state {
                case .closed: .closed
                case .open(let until): now < until ? .open : .halfOpen
                case .halfOpen: .halfOpen
                }
            health.failureCount = state.circuit.failureCount
            if let failure = state.circuit.lastFailure {
                health.problem = state.problem
                health.failure = failure
            } else if let refusal = state.refusal {
                health.problem = .authentication
                health.failure = refusal
            }
            health.connectionsOpen = state.connectionsOpen
            health.callsOpen = state.spread.openCount
            return health
        }
    }

    // MARK: End

    func close() async {
        for connection in takeConnections() { await connection.close() }
    }

    /// Nobody makes calls any more: closes without anyone waiting for it. Calls that are open end.
    func abandon() {
        for connection in takeConnections() { connection.abandon() }
    }

    /// The pool lets go of its connections, which hold it.
    private func takeConnections() -> [FlightClientConnection] {
        state.withLockedValue { state in
            state.isClosed = true
            defer { state.connections = [] }
            return state.connections
        }
    }
}
