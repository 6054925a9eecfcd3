public import Logging
public import NIOCore
import NIOHPACK
public import NIOPosix

/// A client of a Flight server.
///
/// Connections are made by the first call that needs one, and again by the first call after a break, or after
/// a connection without calls has ended (``FlightClientConfiguration/connectionIdleMax``). A call goes to the connection with the fewest calls open; bulk and small calls go apart. Errors name the
/// server, what happened, and what to check; ``health`` says the same between calls.
///
/// ```swift
/// let client = FlightClient(configuration: .init(host: "localhost", port: 5001))
/// let results = try await client.doAction(FlightAction(type: "status"))
/// await client.close()
/// ```
public final class FlightClient: Sendable {
    /// What the client was made with.
    public let configuration: FlightClientConfiguration
    private let limits: FlightStreamLimits
    let pool: ClientPool

    /// Makes a client; connects nowhere yet.
    public init(
        configuration: FlightClientConfiguration,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "marble.flight.client")
    ) {
        self.configuration = configuration
        self.pool = ClientPool(
            configuration: configuration, eventLoopGroup: eventLoopGroup, logger: logger)
        self.limits = FlightStreamLimits(
            messageByteCountMax: configuration.messageByteCountMax,
            sentMessageByteCountMax: configuration.sentMessageByteCountMax,
            writeHighWatermark: configuration.writeHighWatermark,
            writeLowWatermark: configuration.writeLowWatermark,
            budget: BufferBudget(byteCountMax: configuration.partialMessagesByteCountMax),
            metrics: pool.metrics, tracing: FlightTracing())
    }

    deinit {
        pool.abandon()
    }

    /// Whether the server can be reached, and if not, why.
    public var health: FlightClientHealth { pool.health }

    /// Tries to reach the server beside the calls, if it isn't reached and may be tried again.
    func probe() { pool.probe() }

    /// Starts a call on the loop-bound level.
    ///
    /// Returns at once; what is sent before the connection stands waits for it. When it can't be made,
    /// the delegate's ``FlightStreamDelegate/flightStream(_:closed:)`` says why.
    /// - Parameters:
    ///   - method: What is called.
    ///   - options: Hold for this call.
    ///   - eventLoop: The loop that the stream must live on, with a connection of its own there; `nil` for
    ///     that of any connection. The stream may only be used on its loop.
    ///   - delegate: Gets the messages and the end, on the stream's loop.
    @discardableResult
    public func openStream(
        _ method: FlightMethod, options: FlightCallOptions = FlightCallOptions(),
        on eventLoop: (any EventLoop)? = nil, delegate: any FlightStreamDelegate & Sendable
    ) -> FlightStream {
        openStream(method, options: options, on: eventLoop) { _ in delegate }
    }

    /// Starts a call on the loop-bound level, with a delegate that is made on the stream's loop.
    /// - Parameters:
    ///   - method: What is called.
    ///   - options: Hold for this call.
    ///   - eventLoop: The loop that the stream must live on; `nil` for that of any connection.
    ///   - makeDelegate: Called on the stream's loop before anything else happens there.
    @discardableResult
    public func openStream(
        _ method: FlightMethod, options: FlightCallOptions = FlightCallOptions(),
        on eventLoop: (any EventLoop)? = nil,
        makeDelegate: @escaping @Sendable (FlightStream) -> any FlightStreamDelegate
    ) -> FlightStream {
        let (stream, connection) = makeStream(method, options: options, on: eventLoop)
        if stream.eventLoop.inEventLoop {
            connection.open(stream, delegate: makeDelegate(stream))
        } else {
            stream.eventLoop.execute {
                connection.open(stream, delegate: makeDelegate(stream))
            }
        }
        return stream
    }

    /// Ends all calls and closes all connections, with a GOAWAY first. The client can't be used afterwards.
    public func close() async {
        await pool.close()
    }

    func makeStream(
        _ method: FlightMethod, options: FlightCallOptions, on eventLoop: (any EventLoop)? = nil
    ) -> (FlightStream, FlightClientConnection) {
        let connection = pool.connection(for: method.lane, on: eventLoop)
        var limits = limits
        if let byteCount = options.messageByteCountMax { limits.messageByteCountMax = byteCount }
        if let byteCount = options.sentMessageByteCountMax {
            limits.sentMessageByteCountMax = byteCount
        }
        let stream = FlightStream(
            method: method, role: .client, eventLoop: connection.eventLoop, limits: limits)
        stream.peerName = connection.peerName
        stream.place = connection
        stream.waitsForReady = options.waitsForReady
        var headers: HPACKHeaders = [
            ":method": "POST", ":scheme": configuration.tls == nil ? "http" : "https",
            ":path": method.path,
            ":authority": connection.peerName, "te": "trailers",
            "content-type": GRPCHeader.contentType, "user-agent": "marble-flight",
            GRPCHeader.acceptEncoding: FlightCompression.accepted,
        ]
        let compression = options.compression ?? configuration.compression
        if compression != .identity {
            headers.add(name: GRPCHeader.encoding, value: compression.rawValue)
            stream.outgoing.startCompressing(compression)
        }
        if let timeout = options.timeout.map({ TimeAmount($0) }) {
            headers.add(name: GRPCHeader.timeout, value: GRPCTimeout.encode(timeout))
            stream.deadline = .now() + timeout
        }
        if options.attemptCount > 0 {
            headers.add(name: GRPCHeader.previousAttempts, value: String(options.attemptCount))
        }
        headers.append(options.metadata)
        if let authorization = configuration.authorization,
            !headers.contains(name: FlightCredentials.authorizationHeader),
            let value = authorization()
        {
            headers.add(name: FlightCredentials.authorizationHeader, value: value)
        }
        if let tracing = limits.tracing {
            stream.span = tracing.startCall(method, to: connection.peerName, &headers)
        }
        stream.headersToSend = headers
        return (stream, connection)
    }
}
