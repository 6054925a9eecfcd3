import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// A server's TLS: loaded when it starts, kept up to date until it stops.
final class ServerTLS: Sendable {
    private struct State {
        var context: ReloadedValue<NIOSSLContext>?
        var polling: RepeatedTask?
    }

    let configuration: FlightServerTLS
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    init(_ configuration: FlightServerTLS, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// What new connections use; `nil` before ``start(on:)``.
    var context: NIOSSLContext? { state.withLockedValue { $0.context }?.current }

    /// - Throws: ``FlightError`` that says which file can't be used.
    func start(on eventLoop: any EventLoop) async throws(FlightError) {
        let configuration = configuration
        let logger = logger
        let loaded: Result<ReloadedValue<NIOSSLContext>, any Error>
        do {
            loaded = try await NIOThreadPool.singleton.runIfActive {
                Result {
                    try ReloadedValue(
                        "TLS certificate", paths: configuration.paths, logger: logger
                    ) {
                        try configuration.makeContext(logger)
                    }
                }
            }
        } catch {
            loaded = .failure(error)
        }
        switch loaded {
        case .success(let context):
            let polling = context.poll(every: configuration.reloadInterval, on: eventLoop)
            state.withLockedValue {
                $0.context = context
                $0.polling = polling
            }
        case .failure(let error):
            throw error as? FlightError
                ?? FlightError(.internal, "TLS can't be set up: \(error)", cause: error)
        }
    }

    func stop() {
        state.withLockedValue { $0.polling.take() }?.cancel()
    }
}
