import NIOConcurrencyHelpers
import NIOCore

/// How a server does, as its gRPC health service tells load balancers and probes.
///
/// ```swift
/// let health = FlightHealth(.notServing)
/// configuration.health = health
/// let server = FlightServer(configuration: configuration, service: MyService())
/// try await server.start()
/// …
/// health.set(.serving)
/// ```
///
/// A server that shuts down isn't serving any more, whatever is set. Source: gRPC,
/// `doc/health-checking.md`.
public final class FlightHealth: Sendable {
    /// What is told. Raw values are those of the wire.
    public enum Status: UInt64, Sendable, Hashable {
        case unknown = 0
        case serving = 1
        case notServing = 2
    }

    private struct State {
        var statuses: [String: Status]
        var hasEnded = false
        var watchers: [Int: @Sendable () -> Void] = [:]
        var watcherCount = 0
    }

    private let state: NIOLockedValueBox<State>
    private let check: (@Sendable () -> Status)?
    /// How often clients that watch have the health checked; `nil` where changes are set.
    let checkInterval: TimeAmount?

    /// Makes the health of one server, which is what was ``set(_:for:)`` last.
    public init(_ status: Status = .serving) {
        state = NIOLockedValueBox(State(statuses: ["": status]))
        check = nil
        checkInterval = nil
    }

    /// Makes the health of one server that is asked for when a client wants to know it.
    /// - Parameters:
    ///   - interval: How often it is asked for while a client watches.
    ///   - check: Says the health of the whole server, at once; called from any thread.
    public init(interval: Duration = .seconds(1), check: @escaping @Sendable () -> Status) {
        state = NIOLockedValueBox(State(statuses: [:]))
        self.check = check
        checkInterval = TimeAmount(interval)
    }

    /// Sets what is told from now on.
    /// - Parameters:
    ///   - status: The service's state.
    ///   - service: A name that clients ask for; the empty one and
    ///     `arrow.flight.protocol.FlightService` both stand for the whole server.
    public func set(_ status: Status, for service: String = "") {
        let name = Self.name(of: service)
        let watchers = state.withLockedValue { state in
            state.statuses[name] = status
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher() }
    }

    /// What is told; `nil` for a service that isn't known.
    public func status(of service: String = "") -> Status? {
        let name = Self.name(of: service)
        let (status, hasEnded) = state.withLockedValue { ($0.statuses[name], $0.hasEnded) }
        let isChecked = status == nil && name.isEmpty
        guard isChecked || status != nil else { return nil }
        return hasEnded ? .notServing : status ?? check?() ?? .unknown
    }

    /// The name that a service's status stands under.
    private static func name(of service: String) -> String {
        service == FlightMethod.serviceName ? "" : service
    }

    var hasEnded: Bool { state.withLockedValue { $0.hasEnded } }

    /// The server stops.
    func end() {
        let watchers = state.withLockedValue { state in
            state.hasEnded = true
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher() }
    }

    /// Calls `body` after each change, on the thread that makes it.
    /// - Returns: A number for ``unwatch(_:)``.
    func watch(_ body: @escaping @Sendable () -> Void) -> Int {
        state.withLockedValue { state in
            state.watcherCount += 1
            state.watchers[state.watcherCount] = body
            return state.watcherCount
        }
    }

    func unwatch(_ number: Int) {
        state.withLockedValue { $0.watchers[number] = nil }
    }
}
