import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOSSL

/// Builds the handlers of a server's connections: first what finds out their protocol, then that
/// protocol's own.
struct ServerPipeline: Sendable {
    let configuration: FlightServerConfiguration
    let acceptor: ServerCallAcceptor
    let routes: HTTPRoutes
    let tls: ServerTLS?
    let counters: NIOLockedValueBox<FlightServerCounters>
    let logger: Logger

    /// Begins with a connection of which nothing is known yet.
    func begin(_ channel: any Channel) throws {
        let detector = ProtocolDetector(
            logger: logger, timeout: TimeAmount(configuration.handshakeTimeout),
            metrics: routes.metrics, tls: tls, counters: counters
        ) { found, channel in
            switch found {
            case .http1: try configureHTTP1(channel)
            case .http2: try configureHTTP2(channel)
            case .refusedHTTP2: try configureRefusedHTTP2(channel)
            }
        }
        try channel.pipeline.syncOperations.addHandler(detector)
    }

    /// The handler between the socket and a protocol, which knows who speaks.
    func makeConnection(on channel: any Channel) -> FlightConnectionHandler {
        let connection = FlightConnectionHandler()
        if configuration.authenticator != nil {
            connection.authentication = ConnectionAuthentication(on: channel)
        }
        return connection
    }
}

extension ConnectionAuthentication {
    /// - Parameter channel: on its event loop, with TLS complete if it has any.
    fileprivate convenience init(on channel: any Channel) {
        let certificate = try? channel.pipeline.syncOperations.nioSSL_peerCertificate()
        self.init(
            clientCertificate: try? certificate?.toDERBytes(),
            remoteAddress: channel.remoteAddress, eventLoop: channel.eventLoop)
    }
}
