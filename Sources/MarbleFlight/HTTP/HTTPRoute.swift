import NIOHPACK
import NIOHTTP1

/// What plain HTTP can ask a server for.
enum HTTPRoute {
    /// `POST`: an action of the service, in JSON.
    case action
    /// `GET` and `HEAD`.
    case resource(FlightHTTPResource)

    static let actionPath = "/api/flight/do_action"

    /// The value of the `Allow` header.
    var methods: String {
        switch self {
        case .action: "POST"
        case .resource: "GET, HEAD"
        }
    }

    func allows(_ method: HTTPMethod) -> Bool {
        switch self {
        case .action: method == .POST
        case .resource: method == .GET || method == .HEAD
        }
    }
}

/// The routes of a server, and what bounds those who take them.
struct HTTPRoutes: Sendable {
    private let resources: [String: FlightHTTPResource]
    /// Of a request's body, and of the results of an action together. Bytes.
    let bodyByteCountMax: Int
    /// For a request to arrive, and for its answer to be taken.
    let timeout: Duration
    /// For the next request to begin.
    let idleTimeout: Duration
    /// For the first request of a connection to begin.
    let handshakeTimeout: Duration
    let budget: BufferBudget
    let acceptor: ServerCallAcceptor
    let metrics: FlightMetrics
    let authentication: ServerAuthentication?

    init(
        _ configuration: FlightServerConfiguration, acceptor: ServerCallAcceptor,
        budget: BufferBudget, metrics: FlightMetrics, authentication: ServerAuthentication?
    ) {
        resources = Dictionary(
            configuration.resources.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        bodyByteCountMax = min(
            configuration.httpBodyByteCountMax, configuration.messageByteCountMax)
        timeout = configuration.httpTimeout
        idleTimeout = configuration.httpIdleTimeout
        handshakeTimeout = configuration.handshakeTimeout
        self.acceptor = acceptor
        self.budget = budget
        self.metrics = metrics
        self.authentication = authentication
    }

    /// The route of a request target (RFC 9112, 3.2: origin form, or absolute form).
    /// - Throws: `notFound` that names what there is.
    func route(of target: String) throws(FlightError) -> HTTPRoute {
        let path = Self.path(of: target)
        if path == HTTPRoute.actionPath { return .action }
        if let resource = resources[path] { return .resource(resource) }
        let known = resources.keys.sorted().map { "GET \($0)" } + ["POST \(HTTPRoute.actionPath)"]
        throw FlightError(
            .notFound,
            "there is no \(path.prefix(128)) here; there are \(known.joined(separator: ", "))")
    }

    private static func path(of target: String) -> String {
        var rest = Substring(target)
        if !rest.hasPrefix("/"), let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...].drop { $0 != "/" }
        }
        return String(rest.prefix { $0 != "?" && $0 != "#" })
    }

    /// Whether a request over HTTP/2 is plain HTTP rather than gRPC's.
    static func isPlain(_ headers: HPACKHeaders) -> Bool {
        guard let path = headers.first(name: ":path"), !path.hasPrefix("/arrow.flight.protocol.")
        else { return false }
        guard let type = headers.first(name: "content-type") else { return true }
        return !type.hasPrefix(GRPCHeader.contentType)
    }
}
