import MarbleFlight
import NIOConcurrencyHelpers
import NIOCore

/// One of several servers that have the same.
final class ReplicaService: FlightService {
    let number: Int
    let locations = NIOLockedValueBox<[FlightLocation]>([])
    let failure = NIOLockedValueBox<FlightStatusCode?>(nil)
    private let calls = NIOLockedValueBox(0)

    init(number: Int) { self.number = number }

    var callCount: Int { calls.withLockedValue { $0 } }
    var places: [FlightLocation] { locations.withLockedValue { $0 } }

    private func count() throws {
        calls.withLockedValue { $0 += 1 }
        if let code = failure.withLockedValue({ $0 }) { throw FlightError(code, "not here") }
    }

    func listActions(context: FlightCallContext) async throws -> [FlightActionType] {
        try count()
        return []
    }

    func doAction(
        _ action: FlightAction, writer: FlightWriter<FlightResult>, context: FlightCallContext
    ) async throws {
        try count()
    }

    func getFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightInfo {
        var info = FlightInfo()
        if descriptor == .path(["open"]) {
            info.endpoints = [
                FlightEndpoint(ticket: FlightTicket("a 1")),
                FlightEndpoint(ticket: FlightTicket("b 1"), locations: [.reuseConnection]),
            ]
        } else {
            info.endpoints = (0..<9).map {
                FlightEndpoint(ticket: FlightTicket("e\($0) 20"), locations: places)
            }
        }
        return info
    }

    /// The ticket is a name and how many messages there are.
    func doGet(
        _ ticket: FlightTicket, writer: FlightWriter<FlightData>, context: FlightCallContext
    ) async throws {
        try count()
        let words = String(buffer: ticket.bytes).split(separator: " ")
        for message in 0..<(words.last.flatMap { Int($0) } ?? 0) {
            let text = "\(number):\(words[0])/\(message)"
            try await writer.write(FlightData(appMetadata: ByteBuffer(string: text)))
        }
        if words[0] == "break" { throw FlightError(.dataLoss, "the rest is gone") }
    }
}
