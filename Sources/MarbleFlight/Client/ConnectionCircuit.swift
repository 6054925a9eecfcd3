import NIOCore

/// Decides whether a server that couldn't be reached is tried again yet.
///
/// Closed: every call may connect. After some failures in a row it opens: calls fail at once, with the
/// last reason, until a pause is over. Then it is half open: whoever comes tries, and the first outcome
/// closes it or opens it again, with a longer pause.
struct ConnectionCircuit: Sendable {
    enum State: Sendable, Equatable {
        case closed
        case open(until: NIODeadline)
        case halfOpen
    }

    enum Permission: Equatable {
        case granted
        case refused(until: NIODeadline)
    }

    private(set) var state = State.closed
    /// Failures since a connection last stood.
    private(set) var failureCount = 0
    private(set) var lastFailure: FlightError?
    /// When those that wait for the server, instead of failing, may try again.
    private(set) var nextAttempt = NIODeadline.uptimeNanoseconds(0)
    private let backoff: FlightBackoff
    private let failuresToOpen: Int

    init(backoff: FlightBackoff, failuresToOpen: Int) {
        self.backoff = backoff
        self.failuresToOpen = max(failuresToOpen, 1)
    }

    mutating func mayConnect(now: NIODeadline) -> Permission {
        switch state {
        case .closed, .halfOpen: return .granted
        case .open(let until):
            guard now >= until else { return .refused(until: until) }
            state = .halfOpen
            return .granted
        }
    }

    /// The server has answered.
    mutating func succeeded() {
        state = .closed
        failureCount = 0
        lastFailure = nil
    }

    /// - Parameter random: 0 to 1, see ``FlightBackoff/pause(after:random:)``.
    mutating func failed(_ error: FlightError, now: NIODeadline, random: Double) {
        lastFailure = error
        // An attempt that began before the circuit opened says nothing new.
        if case .open = state { return }
        failureCount += 1
        nextAttempt = now + TimeAmount(backoff.pause(after: failureCount, random: random))
        guard failureCount >= failuresToOpen else { return }
        state = .open(until: nextAttempt)
    }
}
