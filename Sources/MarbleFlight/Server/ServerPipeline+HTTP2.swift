import NIOCore
import NIOHPACK
import NIOHTTP2

extension ServerPipeline {
    /// Adds HTTP/2 and, for each of its streams, a Flight call.
    func configureHTTP2(_ channel: any Channel) throws {
        let connection = makeConnection(on: channel)
        try addHTTP2(
            to: channel, connection,
            lifetime: .init(
                maxIdleTime: configuration.connectionIdleMax.map { TimeAmount($0) },
                // Connections that were made together don't end together.
                maxAge: configuration.connectionAgeMax.map {
                    TimeAmount($0 * Double.random(in: 0.9...1.1))
                },
                maxGraceTime: configuration.connectionGraceMax.map { TimeAmount($0) },
                keepalive: configuration.keepaliveInterval.map {
                    .init(
                        pingInterval: TimeAmount($0),
                        ackTimeout: TimeAmount(configuration.keepaliveTimeout))
                }),
            opener: ServerStreams(pipeline: self, connection: connection))
    }

    /// Adds HTTP/2 that serves nobody, and soon ends.
    func configureRefusedHTTP2(_ channel: any Channel) throws {
        let timeout = TimeAmount(configuration.handshakeTimeout)
        try addHTTP2(
            to: channel, FlightConnectionHandler(),
            lifetime: .init(
                maxIdleTime: timeout, maxAge: timeout, maxGraceTime: timeout, keepalive: nil),
            opener: PlaintextRefusal())
    }

    private func addHTTP2(
        to channel: any Channel, _ connection: FlightConnectionHandler,
        lifetime: NIOHTTP2ServerConnectionManagementHandler.Configuration,
        opener: any HTTP2StreamOpener
    ) throws {
        let management = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop, configuration: lifetime)
        _ = try HTTP2Connection.add(
            to: channel, .server, configuration.http2, handler: connection, opener: opener,
            counter: management.http2StreamDelegate)
        let pings = PingLimitHandler(
            countMax: configuration.pingsPerMinuteMax, connection: connection, logger: logger)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([pings, management, ConnectionErrorHandler(logger: logger)])
        // The connection has long been active; without hearing of it, the handler starts no timers.
        management.channelActive(context: try pipeline.context(handler: management))
    }
}

/// Calls, and requests of plain HTTP.
private struct ServerStreams: HTTP2StreamOpener {
    let pipeline: ServerPipeline
    let connection: FlightConnectionHandler

    func streamOpened(_ stream: HTTP2Stream, _ headers: HPACKHeaders, endStream: Bool) {
        guard HTTPRoutes.isPlain(headers) else {
            let call = pipeline.acceptor.accept(
                headers, endStream: endStream, transport: stream, connection: connection)
            if let call { stream.attach(call) }
            return
        }
        let exchange = HTTP2Exchange(
            stream, routes: pipeline.routes, connection: connection, logger: pipeline.logger)
        stream.attach(exchange)
        exchange.headersReceived(headers, endStream: endStream)
    }
}

extension FlightServerConfiguration {
    var http2: HTTP2Configuration {
        HTTP2Configuration(
            windowByteCount: windowByteCount, frameByteCountMax: frameByteCountMax,
            concurrentStreamsMax: concurrentStreamsMax,
            headerListByteCountMax: headerListByteCountMax, streamResetsMax: streamResetsMax)
    }
}
