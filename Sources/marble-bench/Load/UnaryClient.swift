import MarbleFlight
import NIOCore

/// Calls an action again and again, one call at a time.
final class UnaryClient: FlightStreamDelegate, LoadClient, @unchecked Sendable {
    // Sendable because the client hands it to the load's event loop; it is only touched there.

    private let load: Load
    private let flightClient: FlightClient
    private let request: FlightData
    private var stream: FlightStream?
    private var startedAt = NIODeadline.uptimeNanoseconds(0)

    init(load: Load, flightClient: FlightClient, request: FlightData) {
        self.load = load
        self.flightClient = flightClient
        self.request = request
    }

    func start() {
        startedAt = .now()
        let stream = flightClient.openStream(.doAction, delegate: self)
        self.stream = stream
        stream.send(request)
        stream.endInput()
    }

    func cancel() {
        stream?.cancel()
    }

    func flightStream(_ stream: FlightStream, received messages: inout [FlightData]) {}

    func flightStreamInputEnded(_ stream: FlightStream) {}

    func flightStream(_ stream: FlightStream, closed error: FlightError?) {
        self.stream = nil
        if let error {
            load.meter.fail(1, error)
            return load.clientEnded()
        }
        let now = NIODeadline.now()
        load.meter.record(startedAt: startedAt, completedAt: now)
        if load.meter.isOver(at: now) {
            load.clientEnded()
        } else {
            start()
        }
    }
}
