import NIOCore

// Calls that are made more than once.

extension FlightClient {
    /// Makes a call, and makes it again as long as that is safe and the policy says so.
    func withAttempts<Answer>(
        _ method: FlightMethod, _ options: FlightCallOptions,
        _ attempt: (FlightCallOptions) async throws(FlightError) -> Answer
    ) async throws(FlightError) -> Answer {
        var options = options
        let end = options.timeout.map { ContinuousClock.now + $0 }
        while true {
            do {
                return try await attempt(options)
            } catch {
                options.attemptCount += 1
                let decision = RetryDecision(
                    after: error, of: method, options.retry ?? configuration.retry,
                    attemptCount: options.attemptCount, budgetAllows: pool.allowsRetry,
                    random: .random(in: 0...1))
                guard case .again(let pause) = decision else { throw error }
                if let end {
                    // The call's time is that of all attempts together.
                    let rest = end - .now - pause
                    guard rest > .zero else { throw error }
                    options.timeout = rest
                }
                do {
                    try await Task.sleep(for: pause)
                } catch {
                    throw .taskCancelled
                }
            }
        }
    }

    private enum HedgeEvent: Sendable {
        case answer(Result<[FlightData], FlightError>, FlightResponseMetadata?)
        case delayOver
    }

    /// Makes a reading call again before it is answered; the first good answer counts.
    func hedge(
        _ method: FlightMethod, _ options: FlightCallOptions, _ policy: FlightHedgingPolicy,
        _ attempt: @escaping @Sendable (FlightCallOptions) async throws(FlightError) -> [FlightData]
    ) async throws(FlightError) -> [FlightData] {
        let end = options.timeout.map { ContinuousClock.now + $0 }
        let retry = options.retry ?? configuration.retry
        let result = await withTaskGroup(of: HedgeEvent.self) { group in
            var startedCount = 0
            var runningCount = 0
            func start() {
                var options = options
                options.attemptCount = startedCount
                // The caller's gets that of the attempt that counts.
                options.responseMetadata = options.responseMetadata.map { _ in .init() }
                if let end { options.timeout = max(end - .now, .zero) }
                startedCount += 1
                runningCount += 1
                group.addTask { [options] in
                    do throws(FlightError) {
                        let answers = try await attempt(options)
                        return .answer(.success(answers), options.responseMetadata)
                    } catch {
                        return .answer(.failure(error), options.responseMetadata)
                    }
                }
                guard startedCount < policy.attemptsMax else { return }
                group.addTask {
                    try? await Task.sleep(for: policy.delay)
                    return .delayOver
                }
            }
            func startNext() {
                guard startedCount < policy.attemptsMax, pool.allowsRetry else { return }
                start()
            }
            start()
            var last = FlightError.taskCancelled
            for await event in group {
                switch event {
                case .delayOver:
                    if !Task.isCancelled { startNext() }
                case .answer(.success(let answers), let response):
                    options.responseMetadata?.set(response)
                    group.cancelAll()
                    return Result<[FlightData], FlightError>.success(answers)
                case .answer(.failure(let error), let response):
                    options.responseMetadata?.set(response)
                    last = error
                    runningCount -= 1
                    if error.reach == .refused || retry.covers(error, of: method) { startNext() }
                    guard runningCount > 0,
                        error.reach != .server || retry.covers(error, of: method)
                    else {
                        group.cancelAll()
                        return .failure(error)
                    }
                }
            }
            return .failure(last)
        }
        return try result.get()
    }
}
