import MarbleFlight
import NIOCore

/// One client of a load. Lives on the load's event loop.
protocol LoadClient: AnyObject {
    /// How often it tells its load that a client has ended.
    var clientCount: Int { get }
    func start()
    /// Ends what is still open.
    func cancel()
}

extension LoadClient {
    var clientCount: Int { 1 }
}

/// Clients that run for a while, and what is measured of them. Bound to its event loop.
final class Load: @unchecked Sendable {
    // Sendable because tasks of the event loop hold it; it is only touched there.

    /// How long operations may take after the last one was started.
    private static let drainTime = TimeAmount.seconds(30)

    let meter: LoadMeter
    /// Whether operations count from when they were due rather than from when they were sent.
    let isScheduled: Bool
    private let eventLoop: any EventLoop
    private let finished: EventLoopPromise<Void>
    private var clients: [any LoadClient] = []
    private var openCount = 0

    private init(eventLoop: any EventLoop, options: LoadOptions, isScheduled: Bool) {
        let begin = NIODeadline.now() + options.warmUpTime
        meter = LoadMeter(begin: begin, end: begin + options.measuredTime)
        self.isScheduled = isScheduled
        self.eventLoop = eventLoop
        finished = eventLoop.makePromise()
    }

    /// Runs clients until the measured time is over and what they started is done.
    ///
    /// - Parameter makeClients: called on the event loop.
    static func run(
        on eventLoop: any EventLoop, options: LoadOptions, isScheduled: Bool = false,
        makeClients: @escaping @Sendable (Load) -> [any LoadClient]
    ) async throws -> LoadResult {
        try await eventLoop.flatSubmit {
            let load = Load(eventLoop: eventLoop, options: options, isScheduled: isScheduled)
            return load.start(makeClients(load)).map { load.result }
        }.get()
    }

    private func start(_ clients: [any LoadClient]) -> EventLoopFuture<Void> {
        self.clients = clients
        openCount = clients.reduce(0) { $0 + $1.clientCount }
        for client in clients { client.start() }
        let cutOff = eventLoop.assumeIsolated().scheduleTask(
            deadline: meter.end + Self.drainTime
        ) {
            for client in self.clients { client.cancel() }
        }
        return finished.futureResult.always { _ in cutOff.cancel() }
    }

    /// A client has nothing open any more, and starts nothing.
    func clientEnded() {
        openCount -= 1
        guard openCount == 0 else { return }
        clients.removeAll()
        finished.succeed()
    }

    private var result: LoadResult {
        // Late operations of an open loop count, and with them the time that they took.
        let end = isScheduled ? max(meter.end, meter.lastCompletion) : meter.end
        return LoadResult(
            seconds: Double((end - meter.begin).nanoseconds) / 1e9,
            completed: meter.completedCount, errors: meter.errorCount,
            firstError: meter.firstError, p50Microseconds: meter.latency(percentile: 50),
            p99Microseconds: meter.latency(percentile: 99),
            p999Microseconds: meter.latency(percentile: 99.9))
    }
}

/// What a load has measured.
struct LoadResult: Sendable {
    let seconds: Double
    let completed: Int
    let errors: Int
    let firstError: FlightError?
    let p50Microseconds: Double
    let p99Microseconds: Double
    let p999Microseconds: Double
}
