import NIOCore
import NIOHTTP2

extension ServerPipeline {
    /// Adds HTTP/2 and, for each of its streams, a Flight call.
    func configureHTTP2(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let connection = makeConnection(on: channel)
        try pipeline.addHandler(connection)
        let management = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(
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
                }))
        let http2 = configuration.http2
        let acceptor = acceptor
        let boundConnection = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: http2.connection,
            streamConfiguration: http2.stream, streamDelegate: management.http2StreamDelegate
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(
                    FlightStreamHandler(
                        acceptor: acceptor, connection: boundConnection.value, plainHTTP: self))
            }
        }
        let pings = PingLimitHandler(
            countMax: configuration.pingsPerMinuteMax, connection: connection, logger: logger)
        try pipeline.addHandlers([pings, management, ConnectionErrorHandler(logger: logger)])
        // The connection has long been active; without hearing of it, the handler starts no timers.
        management.channelActive(context: try pipeline.context(handler: management))
    }

    /// Adds HTTP/2 that serves nobody, and soon ends.
    func configureRefusedHTTP2(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let timeout = TimeAmount(configuration.handshakeTimeout)
        let management = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(
                maxIdleTime: timeout, maxAge: timeout, maxGraceTime: timeout, keepalive: nil))
        let http2 = configuration.http2
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: http2.connection,
            streamConfiguration: http2.stream, streamDelegate: management.http2StreamDelegate
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(PlaintextRefusal())
            }
        }
        try pipeline.addHandlers([management, ConnectionErrorHandler(logger: logger)])
        management.channelActive(context: try pipeline.context(handler: management))
    }

    /// Adds, behind a stream's handler, what answers a request that isn't gRPC's.
    func configurePlainStream(
        _ context: ChannelHandlerContext, _ connection: FlightConnectionHandler
    ) throws {
        try context.pipeline.syncOperations.addHandlers(
            HTTP2FramePayloadToHTTP1ServerCodec(),
            HTTPExchangeHandler(
                routes: routes, connection: connection, isHTTP2: true, logger: logger))
    }
}

extension FlightServerConfiguration {
    var http2: HTTP2Configuration {
        HTTP2Configuration(
            windowByteCount: windowByteCount, frameByteCountMax: frameByteCountMax,
            concurrentStreamsMax: concurrentStreamsMax,
            headerListByteCountMax: headerListByteCountMax, streamResetsMax: streamResetsMax,
            writeHighWatermark: writeHighWatermark, writeLowWatermark: writeLowWatermark)
    }
}
