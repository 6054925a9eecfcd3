import NIOCore

/// Sends messages when a schedule says so, whether or not earlier ones were acknowledged: on several
/// streams in turns. A message that is sent late still counts from when it was due.
final class OpenLoop: LoadClient, @unchecked Sendable {
    // Sendable because tasks of the event loop hold it; it is only touched there.

    private let load: Load
    private let eventLoop: any EventLoop
    private let streams: [StreamClient]
    private let intervalNanoseconds: Double
    private var firstDue = NIODeadline.uptimeNanoseconds(0)
    private var sentCount = 0

    init(load: Load, eventLoop: any EventLoop, streams: [StreamClient], ratePerSecond: Double) {
        self.load = load
        self.eventLoop = eventLoop
        self.streams = streams
        intervalNanoseconds = 1e9 / ratePerSecond
    }

    var clientCount: Int { streams.count }

    func start() {
        firstDue = .now()
        for stream in streams { stream.start() }
        sendDue()
    }

    func cancel() {
        for stream in streams { stream.cancel() }
    }

    private var nextDue: NIODeadline {
        firstDue + .nanoseconds(Int64(Double(sentCount) * intervalNanoseconds))
    }

    private func sendDue() {
        let now = NIODeadline.now()
        var due = nextDue
        while due <= now, !load.meter.isOver(at: due) {
            streams[sentCount % streams.count].send(startedAt: due)
            sentCount += 1
            due = nextDue
        }
        guard !load.meter.isOver(at: due) else {
            for stream in streams { stream.finish() }
            return
        }
        eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.sendDue() }
    }
}
