/// What to do about a call that failed.
enum RetryDecision: Sendable, Equatable {
    case giveUp
    case again(after: Duration)

    /// - Parameters:
    ///   - attemptCount: How often the call was made so far.
    ///   - budgetAllows: What the ``RetryBudget`` says.
    ///   - random: 0 to 1, see ``FlightBackoff/pause(after:random:)``.
    init(
        after error: FlightError, of method: FlightMethod, _ policy: FlightRetryPolicy,
        attemptCount: Int, budgetAllows: Bool, random: Double
    ) {
        self = .giveUp
        guard attemptCount < policy.attemptsMax, error.reach != .nowhere else { return }
        guard error.reach == .refused || policy.covers(error, of: method) else { return }
        guard budgetAllows else { return }
        switch error.pushback {
        case .none:
            self = .again(after: policy.backoff.pause(after: attemptCount, random: random))
        case .after(let pause):
            self = .again(after: pause)
        case .never:
            return
        }
    }
}

/// What a server says about repeating a call, in the trailer `grpc-retry-pushback-ms`.
enum RetryPushback: Sendable, Equatable {
    case after(Duration)
    case never

    init(trailer: String) {
        guard let milliseconds = Int(trailer), milliseconds >= 0 else {
            self = .never
            return
        }
        self = .after(.milliseconds(milliseconds))
    }
}

extension FlightRetryPolicy {
    /// Whether a call that may have been worked on can be made again.
    func covers(_ error: FlightError, of method: FlightMethod) -> Bool {
        method.isIdempotent && codes.contains(error.code)
    }
}

extension FlightMethod {
    /// Whether the method reads and nothing else, so that making a call twice is as good as once.
    var isIdempotent: Bool {
        switch self {
        case .getFlightInfo, .getSchema, .pollFlightInfo, .listFlights, .listActions: true
        case .handshake, .doGet, .doPut, .doExchange, .doAction: false
        }
    }
}
