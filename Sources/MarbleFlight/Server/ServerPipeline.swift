import Logging
import NIOCore

/// Builds the handlers of a server's connections: first what finds out their protocol, then that
/// protocol's own.
struct ServerPipeline: Sendable {
    let configuration: FlightServerConfiguration
    let acceptor: ServerCallAcceptor
    let routes: HTTPRoutes
    let logger: Logger

    /// Begins with a connection of which nothing is known yet.
    func begin(_ channel: any Channel) throws {
        let detector = ProtocolDetector(
            logger: logger, timeout: TimeAmount(configuration.handshakeTimeout),
            metrics: routes.metrics
        ) { found, channel in
            switch found {
            case .http1: try configureHTTP1(channel)
            case .http2: try configureHTTP2(channel)
            }
        }
        try channel.pipeline.syncOperations.addHandler(detector)
    }
}
