import MarbleArrow
import MarbleFlight
import NIOCore

/// Reads record batches from one `do_get` for as long as the load lasts. The time of a batch is that
/// since the one before.
final class GetClient: FlightStreamDelegate, LoadClient, @unchecked Sendable {
    // Sendable because the client hands it to the load's event loop; it is only touched there.

    private let load: Load
    private let flightClient: FlightClient
    private let ticket: FlightTicket
    private var stream: FlightStream?
    private var checker = BatchChecker()
    private var lastBatch = NIODeadline.uptimeNanoseconds(0)
    private var isOver = false

    init(load: Load, flightClient: FlightClient, ticket: FlightTicket) {
        self.load = load
        self.flightClient = flightClient
        self.ticket = ticket
    }

    func start() {
        lastBatch = .now()
        let stream = flightClient.openStream(.doGet, delegate: self)
        self.stream = stream
        stream.send(FlightData(appMetadata: ticket.bytes))
        stream.endInput()
    }

    func cancel() {
        stream?.cancel()
    }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {
        guard !isOver else { return }
        for message in messages {
            do {
                guard try checker.check(message) else { continue }
            } catch {
                load.meter.fail(1, FlightError(.internal, error.message, cause: error))
                isOver = true
                return stream.cancel()
            }
            let now = NIODeadline.now()
            load.meter.record(startedAt: lastBatch, completedAt: now)
            lastBatch = now
        }
        if load.meter.isOver(at: lastBatch) {
            isOver = true
            stream.cancel()
        }
    }

    func flightStreamInputEnded(_ stream: FlightStream) {}

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        self.stream = nil
        if !isOver {
            load.meter.fail(
                1, error ?? FlightError(.aborted, "the server ended a stream without end"))
        }
        load.clientEnded()
    }
}
