/// When a ``FlightClient`` makes a call again by itself.
///
/// A call that the server certainly hasn't worked on (it refused the stream, or said GOAWAY before it) is made
/// again whatever it does. One that may have been worked on only if its method reads and nothing else:
/// `GetFlightInfo`, `GetSchema`, `PollFlightInfo`, `ListFlights`, `ListActions`. An answer that has begun to
/// arrive is never asked for again, and a server that can't be reached is no reason: see
/// ``FlightCallOptions/waitsForReady``.
///
/// Source: gRPC, proposal A6 (client retries).
public struct FlightRetryPolicy: Sendable, Hashable {
    /// How often a call is made at most, the first time included. 1: never again.
    public var attemptsMax: Int
    /// The pauses between attempts. The server's `grpc-retry-pushback-ms` wins over them.
    public var backoff: FlightBackoff
    /// The statuses after which a reading call is made again.
    public var codes: Set<FlightStatusCode>

    /// Makes a policy.
    public init(
        attemptsMax: Int = 3,
        backoff: FlightBackoff = FlightBackoff(
            pauseMin: .milliseconds(50), pauseMax: .seconds(1), multiplier: 2),
        codes: Set<FlightStatusCode> = [.unavailable]
    ) {
        self.attemptsMax = attemptsMax
        self.backoff = backoff
        self.codes = codes
    }

    /// Every call is made once.
    public static let never = FlightRetryPolicy(attemptsMax: 1)
}

/// How a reading call is made a second time before the first is answered, so that one slow connection or
/// server doesn't make it slow: the first good answer counts, the other calls are cancelled.
///
/// Only for calls with one answer and `ListActions`. Source: gRPC, proposal A6 (hedging).
public struct FlightHedgingPolicy: Sendable, Hashable {
    /// How long the first attempt is waited for, and each that follows it.
    public var delay: Duration
    /// How many attempts at most, the first included.
    public var attemptsMax: Int

    /// Makes a policy.
    public init(delay: Duration, attemptsMax: Int = 2) {
        self.delay = delay
        self.attemptsMax = attemptsMax
    }
}

/// Keeps clients from burdening a server in trouble with repetitions: they stop while too many calls fail.
///
/// A client has tokens. A failure that could be repeated costs one, a success gives a part of one back;
/// with half of them or fewer nothing is repeated. Source: gRPC, proposal A6 (throttling).
public struct FlightRetryThrottle: Sendable, Hashable {
    /// The tokens at the start, and at most.
    public var tokensMax: Double
    /// What a success gives back.
    public var tokenRatio: Double

    /// Makes a throttle.
    public init(tokensMax: Double = 10, tokenRatio: Double = 0.1) {
        self.tokensMax = tokensMax
        self.tokenRatio = tokenRatio
    }
}
