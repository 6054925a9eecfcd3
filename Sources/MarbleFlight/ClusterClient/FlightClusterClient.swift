public import Logging
import NIOConcurrencyHelpers
public import NIOCore
public import NIOPosix

/// A client of several servers that could each answer a call: replicas, or the nodes that a flight's
/// endpoints name.
///
/// A call goes to a server that can be reached, and to another one when it fails and nothing was done: the
/// server wasn't reached or refused the call, or the method reads and the server is unavailable. A server that
/// couldn't be reached comes last until it can be, which is tried beside the calls.
///
/// ```swift
/// let cluster = try FlightClusterClient(
///     configuration: .init(locations: [.init(host: "node1", port: 5001), .init(host: "node2", port: 5001)]))
/// let info = try await cluster.getFlightInfo(.path(["trades"]))
/// for try await part in cluster.read(info) { … part.data … }
/// await cluster.close()
/// ```
///
/// A location says whether its server speaks TLS. A client that was told to use TLS, by a location or by its
/// configuration, uses it for all servers (``FlightClusterConfiguration/locations``).
public final class FlightClusterClient: Sendable {
    /// What the client was made with.
    public let configuration: FlightClusterConfiguration
    let directory: FlightClientDirectory
    private let addresses: [FlightAddress]
    /// Whether every server is called with TLS, whatever its location says.
    private let usesTLS: Bool
    private let balancer: NIOLockedValueBox<LocationBalancer>

    /// Makes a client; connects nowhere yet.
    /// - Throws: ``FlightError`` with `invalidArgument` that names a location that isn't a server's.
    public init(
        configuration: FlightClusterConfiguration,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "marble.flight.client")
    ) throws(FlightError) {
        guard !configuration.locations.isEmpty else {
            throw FlightError(.invalidArgument, "a cluster has at least one location; give one")
        }
        var addresses: [FlightAddress] = []
        for location in configuration.locations {
            guard let address = location.address else { throw .noServer(at: location) }
            addresses.append(address)
        }
        let usesTLS = configuration.client.tls != nil || addresses.contains { $0.usesTLS }
        self.configuration = configuration
        self.usesTLS = usesTLS
        self.addresses = addresses.map { $0.withTLS(if: usesTLS) }
        self.balancer = NIOLockedValueBox(LocationBalancer(configuration.balancing))
        self.directory = FlightClientDirectory(
            template: configuration.client, serversMax: configuration.serversMax,
            eventLoopGroup: eventLoopGroup, logger: logger)
    }

    /// What is known of each server: the configured ones, and those that flights named. Servers that are
    /// called with TLS are `grpc+tls`, all others `grpc+tcp`.
    public var health: [FlightLocation: FlightClientHealth] {
        var health: [FlightLocation: FlightClientHealth] = [:]
        for address in addresses + directory.addresses {
            health[address.location] = directory.health(address)
        }
        return health
    }

    /// Ends all calls and closes all connections. The client can't be used afterwards.
    public func close() async {
        await directory.close()
    }

    /// Where and how a server is called; `nil` if nothing that this client can call is at the location.
    func address(of location: FlightLocation) -> FlightAddress? {
        location.address?.withTLS(if: usesTLS)
    }

    /// The servers in the order in which a call asks them.
    func order(_ addresses: [FlightAddress]) -> [FlightAddress] {
        let candidates = addresses.map { address in
            let health = directory.health(address)
            if health.circuit == .halfOpen { directory.client(address)?.probe() }
            return LocationBalancer.Candidate(
                isReachable: health.problem == nil || health.problem == .authentication,
                callsOpen: health.callsOpen)
        }
        return balancer.withLockedValue { $0.order(candidates) }.map { addresses[$0] }
    }

    /// Makes a call at one server after the other until one answers it.
    /// - Parameters:
    ///   - isRepeatable: Whether another server may be asked after an error of one that may have worked
    ///     on the call.
    ///   - body: Gets the server's client, its address, and the options for this attempt.
    func failingOver<Answer>(
        to given: [FlightAddress]? = nil, _ options: FlightCallOptions,
        isRepeatable: (FlightError) -> Bool,
        _ body: (FlightClient, FlightAddress, FlightCallOptions) async throws(FlightError) -> Answer
    ) async throws(FlightError) -> Answer {
        let end = options.timeout.map { ContinuousClock.now + $0 }
        var roundCount = 0
        while true {
            var last: FlightError?
            var isUnreached = true
            let ordered = order(given ?? addresses)
            for (number, address) in ordered.enumerated() {
                var attempt = options
                // Another server is better than the same again.
                if ordered.count > 1 { attempt.retry = .never }
                attempt.waitsForReady = false
                if let end { attempt.timeout = max(end - .now, .zero) }
                do {
                    let client = try directory.take(address)
                    defer { directory.giveBack(address) }
                    return try await body(client, address, attempt)
                } catch {
                    if error.reach != .nowhere { isUnreached = false }
                    let isLast = number == ordered.count - 1
                    guard error.isUnprocessed || isRepeatable(error), !Task.isCancelled else {
                        throw error
                    }
                    last = isLast ? error.naming(ordered) : error
                }
            }
            let error = last ?? .noServers
            guard options.waitsForReady, isUnreached else { throw error }
            roundCount += 1
            try await pause(afterRound: roundCount, until: end, error)
        }
    }

    /// Waits for servers of which none could be reached.
    private func pause(
        afterRound count: Int, until end: ContinuousClock.Instant?, _ error: FlightError
    ) async throws(FlightError) {
        let pause = configuration.client.reconnectBackoff.pause(
            after: count, random: .random(in: 0...1))
        if let end, .now + pause >= end {
            throw FlightError(
                .deadlineExceeded, "no server could be reached in time: \(error.message)",
                cause: error)
        }
        do {
            try await Task.sleep(for: pause)
        } catch {
            throw .taskCancelled
        }
    }

    /// Starts a call with messages both ways at the best server.
    func start<Stream>(
        _ body: (FlightClient) -> Stream
    ) throws(FlightError) -> Stream {
        guard let address = order(addresses).first else { throw .noServers }
        let client = try directory.take(address)
        defer { directory.giveBack(address) }
        return body(client)
    }
}

extension FlightError {
    static var noServers: FlightError {
        FlightError(.invalidArgument, "the call has no location that a server could be at")
    }

    static func noServer(at location: FlightLocation) -> FlightError {
        FlightError(
            .invalidArgument,
            "\"\(location.uri)\" isn't the location of a server that this client can call; it wants "
                + "grpc+tls://HOST:PORT, or grpc+tcp://HOST:PORT without TLS")
    }

    /// The last error of a call that several servers were asked for.
    fileprivate func naming(_ addresses: [FlightAddress]) -> FlightError {
        guard addresses.count > 1 else { return self }
        var error = self
        let names = addresses.map { "\($0.host):\($0.port)" }.joined(separator: ", ")
        error.message += " (asked: \(names))"
        return error
    }
}
