import NIOCore

/// Finds out when a connection has been without calls for long enough. Bound to its event loop.
///
/// A call doesn't set a timer: it notes when it ended. One timer at most runs, and where calls came
/// meanwhile it runs on for what is missing.
final class ConnectionIdleTimer {
    private let eventLoop: any EventLoop
    private let limit: TimeAmount
    private let expired: () -> Void
    /// `nil` while calls are open.
    private var idleSince: NIODeadline?
    private var timer: Scheduled<Void>?

    /// - Parameter expired: Called when the connection has been idle for the limit.
    init(on eventLoop: any EventLoop, limit: TimeAmount, expired: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.limit = limit
        self.expired = expired
    }

    /// No call is open any more.
    func restart() {
        let now = eventLoop.now
        idleSince = now
        if timer == nil { schedule(at: now + limit) }
    }

    /// A call is open.
    func pause() {
        idleSince = nil
    }

    /// The connection has gone.
    func cancel() {
        idleSince = nil
        timer?.cancel()
        timer = nil
    }

    private func schedule(at deadline: NIODeadline) {
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.fire() }
    }

    private func fire() {
        timer = nil
        guard let idleSince else { return }
        let end = idleSince + limit
        guard eventLoop.now >= end else { return schedule(at: end) }
        expired()
    }
}
