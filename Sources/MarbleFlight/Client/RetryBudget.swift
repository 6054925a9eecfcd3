/// The tokens of a ``FlightRetryThrottle``.
struct RetryBudget: Sendable {
    private let throttle: FlightRetryThrottle
    private(set) var tokens: Double

    init(_ throttle: FlightRetryThrottle) {
        self.throttle = throttle
        self.tokens = throttle.tokensMax
    }

    var allowsRetry: Bool { tokens > throttle.tokensMax / 2 }

    mutating func succeeded() {
        tokens = min(tokens + throttle.tokenRatio, throttle.tokensMax)
    }

    mutating func failed() {
        tokens = max(tokens - 1, 0)
    }
}
