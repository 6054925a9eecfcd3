import CoreMetrics
import NIOConcurrencyHelpers
import NIOCore

/// What the calls of one method, of one server or client, count.
///
/// Instruments are made when there is something to count: most servers see a few of the methods.
final class FlightMethodMetrics: Sendable {
    /// Those of a method that was called.
    struct Instruments: Sendable {
        let open: Meter
        let duration: Timer
        let messagesReceived: Counter
        let messagesSent: Counter
        let bytesReceived: Counter
        let bytesSent: Counter
        let bytesQueued: Meter
        let readingPauses: Counter
        let writingPauses: Counter
    }

    private struct State {
        var instruments: Instruments?
        var calls: [FlightStatusCode: Counter] = [:]
    }

    private let prefix: String
    private let dimensions: [(String, String)]
    private let factory: any MetricsFactory
    private let state = NIOLockedValueBox(State())

    init(_ prefix: String, _ dimensions: [(String, String)], _ factory: any MetricsFactory) {
        self.prefix = prefix
        self.dimensions = dimensions
        self.factory = factory
    }

    var instruments: Instruments {
        state.withLockedValue { state in
            if let made = state.instruments { return made }
            let made = make()
            state.instruments = made
            return made
        }
    }

    private func make() -> Instruments {
        func counter(_ name: String) -> Counter {
            Counter(label: "\(prefix)_\(name)", dimensions: dimensions, factory: factory)
        }
        func meter(_ name: String) -> Meter {
            Meter(label: "\(prefix)_\(name)", dimensions: dimensions, factory: factory)
        }
        return Instruments(
            open: meter("calls_open"),
            duration: Timer(
                label: "\(prefix)_call_duration", dimensions: dimensions, factory: factory),
            messagesReceived: counter("messages_received"), messagesSent: counter("messages_sent"),
            bytesReceived: counter("bytes_received"), bytesSent: counter("bytes_sent"),
            bytesQueued: meter("bytes_queued"), readingPauses: counter("reading_pauses"),
            writingPauses: counter("writing_pauses"))
    }

    /// Counts a call by its status, and how long it took.
    func ended(_ error: FlightError?, after duration: TimeAmount) {
        let code = error?.code ?? .ok
        let (counter, instruments) = state.withLockedValue { state in
            if let counter = state.calls[code] { return (counter, state.instruments) }
            let counter = Counter(
                label: "\(prefix)_calls",
                dimensions: dimensions + [("status", code.description)], factory: factory)
            state.calls[code] = counter
            return (counter, state.instruments)
        }
        counter.increment()
        instruments?.duration.recordNanoseconds(duration.nanoseconds)
    }
}

/// One call's part: plain numbers that go to the instruments once for each read and each write.
struct FlightCallMeter {
    private let metrics: FlightMethodMetrics
    private let instruments: FlightMethodMetrics.Instruments
    private let began: NIODeadline
    private var isOpen = true
    private var receivedByteCount = 0
    private var sentMessageCount = 0

    init(_ metrics: FlightMethodMetrics) {
        self.metrics = metrics
        instruments = metrics.instruments
        began = .now()
        instruments.open.increment()
    }

    /// Bytes came in that may be a part of a message.
    mutating func received(byteCount: Int) { receivedByteCount += byteCount }

    /// A read is handed on.
    mutating func delivered(messageCount: Int) {
        if messageCount > 0 { instruments.messagesReceived.increment(by: messageCount) }
        guard receivedByteCount > 0 else { return }
        instruments.bytesReceived.increment(by: receivedByteCount)
        receivedByteCount = 0
    }

    mutating func queued(messageCount: Int) { sentMessageCount += messageCount }

    /// A turn's messages go to the socket.
    mutating func writing(byteCount: Int) {
        instruments.messagesSent.increment(by: sentMessageCount)
        instruments.bytesSent.increment(by: byteCount)
        instruments.bytesQueued.increment(by: Double(byteCount))
        sentMessageCount = 0
    }

    func written(byteCount: Int) { instruments.bytesQueued.decrement(by: Double(byteCount)) }

    func readingPaused() { instruments.readingPauses.increment() }

    func writingPaused() { instruments.writingPauses.increment() }

    mutating func ended(_ error: FlightError?) {
        guard isOpen else { return }
        isOpen = false
        delivered(messageCount: 0)
        instruments.open.decrement()
        metrics.ended(error, after: .now() - began)
    }
}
