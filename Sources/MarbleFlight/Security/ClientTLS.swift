import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// A client's TLS: loaded by the first connection, and brought up to date by each.
final class ClientTLS: Sendable {
    let configuration: FlightClientTLS
    private let logger: Logger
    private let state = NIOLockedValueBox<ReloadedValue<NIOSSLContext>?>(nil)

    init(_ configuration: FlightClientTLS, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// What the next connection uses, or the ``FlightError`` that says which file can't be used.
    func context(on eventLoop: any EventLoop) -> EventLoopFuture<NIOSSLContext> {
        if let loaded = state.withLockedValue({ $0 }), configuration.paths.isEmpty {
            return eventLoop.makeSucceededFuture(loaded.current)
        }
        return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { [self] in
            // Under the lock, which only connections that are being made want.
            try state.withLockedValue { loaded in
                if let loaded {
                    loaded.reloadIfChanged(settled: false)
                    return loaded.current
                }
                let configuration = configuration
                let logger = logger
                let first = try ReloadedValue(
                    "TLS certificate", paths: configuration.paths, logger: logger
                ) {
                    try configuration.makeContext(logger)
                }
                loaded = first
                return first.current
            }
        }
    }

    /// The name that is asked for (SNI) and checked; `nil` for an address, which is checked itself.
    func serverName(_ host: String) -> String? {
        let name = configuration.serverName ?? host
        let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
        return isAddress ? nil : name
    }
}
