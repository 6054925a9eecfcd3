import Testing

@testable import MarbleFlight

struct RetryDecisionTests {
    private let policy = FlightRetryPolicy(
        backoff: FlightBackoff(pauseMin: .milliseconds(100), multiplier: 2, jitter: 0))

    private func decision(
        _ error: FlightError, _ method: FlightMethod = .getFlightInfo, attemptCount: Int = 1,
        budgetAllows: Bool = true
    ) -> RetryDecision {
        RetryDecision(
            after: error, of: method, policy, attemptCount: attemptCount,
            budgetAllows: budgetAllows, random: 0.5)
    }

    private let unavailable = FlightError(.unavailable, "the server stops")
    private var refused: FlightError {
        var error = unavailable
        error.reach = .refused
        return error
    }

    @Test(arguments: FlightMethod.allCases)
    func `what may have been worked on is repeated only if it reads`(method: FlightMethod) {
        let reads: [FlightMethod] = [
            .getFlightInfo, .getSchema, .pollFlightInfo, .listFlights, .listActions,
        ]
        let expected: RetryDecision =
            reads.contains(method) ? .again(after: .milliseconds(100)) : .giveUp
        #expect(decision(unavailable, method) == expected)
    }

    @Test(arguments: FlightMethod.allCases)
    func `what was refused unread is repeated whatever it does`(method: FlightMethod) {
        #expect(decision(refused, method) == .again(after: .milliseconds(100)))
    }

    @Test func `pauses grow, and attempts end`() {
        #expect(decision(unavailable, attemptCount: 2) == .again(after: .milliseconds(200)))
        #expect(decision(unavailable, attemptCount: 3) == .giveUp)
        #expect(decision(refused, attemptCount: 3) == .giveUp)
    }

    @Test func `other statuses, an empty budget and unreachable servers end it`() {
        #expect(decision(FlightError(.notFound, "no such flight")) == .giveUp)
        #expect(decision(unavailable, budgetAllows: false) == .giveUp)
        var unreached = unavailable
        unreached.reach = .nowhere
        #expect(decision(unreached) == .giveUp)
    }

    @Test func `the server's word about the pause wins`() {
        var error = unavailable
        error.pushback = RetryPushback(trailer: "7")
        #expect(decision(error) == .again(after: .milliseconds(7)))
        for trailer in ["-1", "", "soon", "99999999999999999999"] {
            error.pushback = RetryPushback(trailer: trailer)
            #expect(decision(error) == .giveUp)
        }
    }

    @Test func `a budget stops repetitions while more than half of its tokens are gone`() {
        var budget = RetryBudget(FlightRetryThrottle(tokensMax: 4, tokenRatio: 0.5))
        budget.failed()
        #expect(budget.allowsRetry)
        budget.failed()
        #expect(!budget.allowsRetry)
        budget.succeeded()
        #expect(budget.allowsRetry)
        for _ in 0..<20 { budget.failed() }
        #expect(budget.tokens == 0)
        for _ in 0..<20 { budget.succeeded() }
        #expect(budget.tokens == 4)
    }
}
