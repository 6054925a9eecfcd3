import Logging
import NIOConcurrencyHelpers
import NIOCore

/// A server's authentication: asks the authenticator, and counts, logs and slows down what fails.
final class ServerAuthentication: Sendable {
    /// More failures than this don't wait for their answers at a time.
    private static let delayedMax = 1024

    private struct State {
        var attempts = FailedAttempts()
        var delayedCount = 0
    }

    let authenticator: any FlightAuthenticator
    private let counters: NIOLockedValueBox<FlightServerCounters>
    private let metrics: FlightMetrics
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    init(
        _ authenticator: any FlightAuthenticator,
        counters: NIOLockedValueBox<FlightServerCounters>, metrics: FlightMetrics, logger: Logger
    ) {
        self.authenticator = authenticator
        self.counters = counters
        self.metrics = metrics
        self.logger = logger
    }

    /// Asks who presents the credentials. A failure's answer takes its time.
    func authenticate(
        _ credentials: FlightCredentials, from address: SocketAddress?
    ) async -> Result<FlightIdentity, FlightError> {
        do throws(FlightError) {
            return .success(try await authenticator.authenticate(credentials))
        } catch {
            // Anything else is a failure of who was asked.
            if error.code == .unauthenticated || error.code == .permissionDenied {
                counters.withLockedValue { $0.authenticationsFailed += 1 }
                metrics.authenticationFailed()
            }
            // Who presents nothing guesses nothing.
            if !credentials.isEmpty, error.code == .unauthenticated {
                await slowDown(credentials, address, error)
            }
            return .failure(error)
        }
    }

    private func slowDown(
        _ credentials: FlightCredentials, _ address: SocketAddress?, _ error: FlightError
    ) async {
        let name = address?.ipAddress ?? "local"
        let (count, delay, mayWait) = state.withLockedValue { state in
            let (count, delay) = state.attempts.failed(name, now: .now())
            let mayWait = state.delayedCount < Self.delayedMax
            if mayWait { state.delayedCount += 1 }
            return (count, delay, mayWait)
        }
        // The first, then ever fewer, so that guessing doesn't fill the log.
        if count & (count - 1) == 0 {
            logger.notice(
                "authentication failed",
                metadata: [
                    "peer": "\(name)", "credentials": "\(credentials)", "failures": "\(count)",
                    "reason": "\(error.message)",
                ])
        }
        guard mayWait else { return }
        try? await Task.sleep(for: .nanoseconds(delay.nanoseconds))
        state.withLockedValue { $0.delayedCount -= 1 }
    }
}
