import CoreMetrics
import NIOConcurrencyHelpers
import NIOHTTP1

/// What a server, or a client of one server, counts: the instruments, made once. `docs/metrics.md` has them
/// in a table.
///
/// The hot path adds up in plain integers and brings them here once for each read and each write.
final class FlightMetrics: Sendable {
    /// What the calls of one method count.
    private let methods: [FlightMethodMetrics]
    private let builtInMethods: [FlightMethodMetrics]

    private let connections: Meter
    private let connectionsMade: Counter
    private let connectionsFailed: Counter
    // A client's only.
    private let reconnects: Counter?
    // A server's only.
    private let callsRefused: Counter?
    private let handshakeFailures: Counter?
    private let authenticationFailures: Counter?
    private let plaintextRefusals: Counter?

    private let factory: any MetricsFactory
    private let dimensions: [(String, String)]
    private let httpRequests = NIOLockedValueBox<[UInt: Counter]>([:])

    /// A server's.
    convenience init(server factory: (any MetricsFactory)?) {
        self.init(
            "flight_server", factory, [], made: "connections_accepted",
            failed: "connections_refused", isServer: true)
    }

    /// A client's.
    convenience init(client factory: (any MetricsFactory)?, peer: String) {
        self.init(
            "flight_client", factory, [("peer", peer)], made: "connects",
            failed: "connect_failures")
    }

    private init(
        _ prefix: String, _ factory: (any MetricsFactory)?, _ dimensions: [(String, String)],
        made: String, failed: String, isServer: Bool = false
    ) {
        let factory = factory ?? MetricsSystem.factory
        self.factory = factory
        self.dimensions = dimensions
        func method(_ name: String) -> FlightMethodMetrics {
            FlightMethodMetrics(prefix, dimensions + [("method", name)], factory)
        }
        methods = FlightMethod.allCases.map { method($0.rawValue) }
        builtInMethods = BuiltInMethod.allCases.map { method($0.label) }
        connections = Meter(
            label: "\(prefix)_connections", dimensions: dimensions, factory: factory)
        connectionsMade = Counter(
            label: "\(prefix)_\(made)", dimensions: dimensions, factory: factory)
        connectionsFailed = Counter(
            label: "\(prefix)_\(failed)", dimensions: dimensions, factory: factory)
        func counter(_ name: String, if isWanted: Bool) -> Counter? {
            guard isWanted else { return nil }
            return Counter(label: "\(prefix)_\(name)", dimensions: dimensions, factory: factory)
        }
        reconnects = counter("reconnects", if: !isServer)
        callsRefused = counter("calls_refused", if: isServer)
        handshakeFailures = counter("handshake_failures", if: isServer)
        authenticationFailures = counter("authentication_failures", if: isServer)
        plaintextRefusals = counter("plaintext_refused", if: isServer)
    }

    func of(_ method: FlightMethod) -> FlightMethodMetrics { methods[method.ordinal] }

    func of(_ method: BuiltInMethod) -> FlightMethodMetrics { builtInMethods[method.ordinal] }

    func connectionOpened() {
        connectionsMade.increment()
        connections.increment()
    }

    func reconnected() { reconnects?.increment() }

    func connectionClosed() { connections.decrement() }

    func connectionFailed() { connectionsFailed.increment() }

    func callRefused() { callsRefused?.increment() }

    func handshakeFailed() { handshakeFailures?.increment() }

    func authenticationFailed() { authenticationFailures?.increment() }

    func plaintextRefused() { plaintextRefusals?.increment() }

    func httpRequestAnswered(_ status: HTTPResponseStatus) {
        let counter = httpRequests.withLockedValue { counters in
            if let counter = counters[status.code] { return counter }
            let counter = Counter(
                label: "flight_server_http_requests",
                dimensions: dimensions + [("status", String(status.code))], factory: factory)
            counters[status.code] = counter
            return counter
        }
        counter.increment()
    }
}

extension FlightMethod {
    /// The method's place in `allCases`.
    var ordinal: Int {
        switch self {
        case .handshake: 0
        case .listFlights: 1
        case .getFlightInfo: 2
        case .pollFlightInfo: 3
        case .getSchema: 4
        case .doGet: 5
        case .doPut: 6
        case .doExchange: 7
        case .doAction: 8
        case .listActions: 9
        }
    }
}

extension BuiltInMethod {
    /// The method's place in `allCases`.
    fileprivate var ordinal: Int {
        switch self {
        case .healthCheck: 0
        case .healthWatch: 1
        case .reflection: 2
        case .reflectionAlpha: 3
        }
    }
}
