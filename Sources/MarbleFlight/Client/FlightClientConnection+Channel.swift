import NIOCore
import NIOPosix
import NIOSSL

/// What a connection is made of: a socket with its options, and the handlers behind it.
extension FlightClientConnection {
    /// Connects by TCP, for the attempt of that number.
    func makeChannel(
        _ attemptNumber: Int, _ tlsContext: NIOSSLContext?
    ) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        var bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: FlightSocket.receiveAllocator)
            .channelOption(.writeBufferWaterMark, value: FlightSocket.writeWatermark)
        for (option, value) in configuration.tcpKeepalive?.options ?? [] {
            bootstrap = bootstrap.channelOption(option, value: value)
        }
        return
            bootstrap
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try bound.value.configure(channel, attemptNumber, tlsContext)
                }
            }
            .connect(host: configuration.host, port: configuration.port)
    }

    private func configure(
        _ channel: any Channel, _ attemptNumber: Int, _ tlsContext: NIOSSLContext?
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls = pool.tls, let tlsContext {
            try pipeline.addHandler(
                NIOSSLClientHandler(
                    context: tlsContext, serverHostname: tls.serverName(configuration.host)))
        }
        let connection = FlightConnectionHandler(peerName: peerName)
        let state = FlightClientChannel(
            channel: channel, connection: connection, owner: self, attemptNumber: attemptNumber,
            keepaliveInterval: pool.keepaliveInterval,
            keepaliveTimeout: TimeAmount(configuration.keepaliveTimeout),
            idleMax: configuration.connectionIdleMax.map { TimeAmount($0) })
        state.http2 = try HTTP2Connection.add(
            to: channel, .client, configuration.http2, handler: connection)
        try pipeline.addHandlers([
            FlightClientChannelHandler(state: state), ConnectionErrorHandler(logger: pool.logger),
        ])
    }
}
