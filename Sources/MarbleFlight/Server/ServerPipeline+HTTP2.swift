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
        let streams = HTTP2Streams(
            on: channel, connection: connection, windowByteCount: http2.windowByteCount,
            delegate: ServerStreams(
                pipeline: self, connection: connection, management: management.http2StreamDelegate))
        try pipeline.addHandlers([
            NIOHTTP2Handler(
                mode: .server, connectionConfiguration: http2.connection,
                streamConfiguration: http2.stream), streams,
        ])
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

}

/// What becomes of the streams that a client opens.
private struct ServerStreams: HTTP2StreamsDelegate {
    let pipeline: ServerPipeline
    let connection: FlightConnectionHandler
    /// Counts the streams, for the connection's age and idleness.
    let management: NIOHTTP2ServerConnectionManagementHandler.HTTP2StreamDelegate

    func streamOpened(_ stream: HTTP2Stream, _ headers: HTTP2Frame.FramePayload.Headers) {
        guard HTTPRoutes.isPlain(headers.headers) else {
            let call = pipeline.acceptor.accept(
                headers.headers, endStream: headers.endStream, transport: stream,
                connection: connection)
            if let call { stream.attach(call) }
            return
        }
        let exchange = HTTP2Exchange(
            stream, routes: pipeline.routes, connection: connection, logger: pipeline.logger)
        stream.attach(exchange)
        exchange.frameReceived(.headers(headers))
    }

    func streamCreated(_ id: HTTP2StreamID, on channel: any Channel) {
        management.streamCreated(id, channel: channel)
    }

    func streamClosed(_ id: HTTP2StreamID, on channel: any Channel) {
        management.streamClosed(id, channel: channel)
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
