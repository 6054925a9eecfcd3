import MarbleFlight
import NIOCore

/// A call whose messages the server acknowledges in order: keeps a window of them outstanding, or sends
/// what a schedule tells it to.
final class StreamClient: FlightStreamDelegate, LoadClient, @unchecked Sendable {
    // Sendable because the client hands it to the load's event loop; it is only touched there.

    /// What a stream sends.
    struct Work: Sendable {
        let method: FlightMethod
        /// Sent first; not acknowledged.
        let opening: [FlightData]
        let message: FlightData
    }

    private let load: Load
    private let flightClient: FlightClient
    private let work: Work
    private let window: Int
    private var stream: FlightStream?
    /// When those that aren't acknowledged yet were sent, or were due.
    private var starts: CircularBuffer<NIODeadline>
    private var isFinished = false

    /// - Parameter window: messages to keep outstanding; 0 where a schedule says when to send.
    init(load: Load, flightClient: FlightClient, work: Work, window: Int) {
        self.load = load
        self.flightClient = flightClient
        self.work = work
        self.window = window
        starts = CircularBuffer(initialCapacity: max(window, 64))
    }

    func start() {
        let stream = flightClient.openStream(work.method, delegate: self)
        self.stream = stream
        stream.send(contentsOf: work.opening)
        let now = NIODeadline.now()
        for _ in 0..<window { send(startedAt: now) }
    }

    /// Sends one message.
    func send(startedAt start: NIODeadline) {
        guard let stream else { return load.meter.fail(1, .streamEnded) }
        starts.append(start)
        stream.send(work.message)
    }

    /// Sends no more; the stream ends when all is acknowledged.
    func finish() {
        guard !isFinished else { return }
        isFinished = true
        stream?.endInput()
    }

    func cancel() {
        stream?.cancel()
    }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        let now = NIODeadline.now()
        let meter = load.meter
        var acknowledged = 0
        while acknowledged < messages.count, let start = starts.popFirst() {
            acknowledged += 1
            if load.isScheduled {
                meter.record(dueAt: start, completedAt: now)
            } else {
                meter.record(startedAt: start, completedAt: now)
            }
        }
        guard window > 0 else { return }
        if meter.isOver(at: now) {
            finish()
        } else {
            for _ in 0..<acknowledged { send(startedAt: now) }
        }
    }

    func flightStreamInputEnded(_ stream: FlightStream) {}

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        self.stream = nil
        if let error {
            // Also where nothing was outstanding: the stream was to go on.
            load.meter.fail(max(starts.count, 1), error)
        } else if !starts.isEmpty || !isFinished {
            load.meter.fail(max(starts.count, 1), .streamEnded)
        }
        starts.removeAll()
        load.clientEnded()
    }
}

extension FlightError {
    fileprivate static var streamEnded: FlightError {
        FlightError(.aborted, "the server ended the stream before all messages were acknowledged")
    }
}
