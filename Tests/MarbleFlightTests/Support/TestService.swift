import MarbleFlight
import NIOConcurrencyHelpers
import NIOCore

/// A service with all ten methods, whose answers follow from what they are asked.
final class TestService: FlightService {
    struct Seen: Sendable {
        var cancelledCalls = 0
        var writtenByteCount = 0
    }

    let seen = NIOLockedValueBox(Seen())
    private let makeDelegate: (@Sendable (FlightCall) -> (any FlightStreamDelegate)?)?

    init(makeDelegate: (@Sendable (FlightCall) -> (any FlightStreamDelegate)?)? = nil) {
        self.makeDelegate = makeDelegate
    }

    func streamDelegate(for call: FlightCall) -> (any FlightStreamDelegate)? {
        makeDelegate?(call)
    }

    func handshake(
        requests: FlightReader<FlightHandshakeRequest>,
        responses: FlightWriter<FlightHandshakeResponse>, context: FlightCallContext
    ) async throws {
        for try await request in requests {
            try await responses.write(
                FlightHandshakeResponse(
                    protocolVersion: request.protocolVersion + 1, payload: request.payload))
        }
    }

    static func info(_ name: String) -> FlightInfo {
        FlightInfo(
            schema: ByteBuffer(string: "schema of \(name)"), descriptor: .path([name]),
            endpoints: [
                FlightEndpoint(
                    ticket: FlightTicket("ticket of \(name)"),
                    locations: [FlightLocation(host: "localhost", port: 5001)],
                    expiration: FlightTimestamp(seconds: 1_700_000_000, nanoseconds: 5),
                    appMetadata: ByteBuffer(string: "endpoint"))
            ], totalRecords: 7, totalBytes: -1, isOrdered: true,
            appMetadata: ByteBuffer(string: "info"))
    }

    func listFlights(
        _ criteria: FlightCriteria, flights: FlightWriter<FlightInfo>, context: FlightCallContext
    ) async throws {
        let prefix = String(buffer: criteria.expression)
        for number in 0..<3 { try await flights.write(Self.info("\(prefix)\(number)")) }
    }

    func getFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightInfo {
        guard case .path(let path) = descriptor, let name = path.first else {
            throw FlightError(.notFound, "there is no such flight – 100 %")
        }
        return Self.info(name)
    }

    func pollFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightPollInfo {
        FlightPollInfo(
            info: Self.info("polled"), descriptor: descriptor, progress: 0.5,
            expiration: FlightTimestamp(seconds: 9))
    }

    func getSchema(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightSchemaResult {
        FlightSchemaResult(schema: ByteBuffer(string: "the schema"))
    }

    /// The ticket is `count size`, or `endless size`.
    func doGet(
        _ ticket: FlightTicket, writer: FlightWriter<FlightData>, context: FlightCallContext
    ) async throws {
        let words = String(buffer: ticket.bytes).split(separator: " ")
        let count = words.first.flatMap { Int($0) } ?? .max
        let body = ByteBuffer(repeating: 7, count: words.last.flatMap { Int($0) } ?? 0)
        for number in 0..<count {
            let header = ByteBuffer(integer: number)
            try await writer.write(FlightData(dataHeader: header, dataBody: body))
            seen.withLockedValue { $0.writtenByteCount += body.readableBytes }
        }
    }

    func doPut(
        reader: FlightReader<FlightData>, writer: FlightWriter<FlightPutResult>,
        context: FlightCallContext
    ) async throws {
        for try await data in reader {
            let answer = ByteBuffer(string: "\(data.dataBody.readableBytes)")
            try await writer.write(FlightPutResult(appMetadata: answer))
        }
    }

    func doExchange(
        reader: FlightReader<FlightData>, writer: FlightWriter<FlightData>,
        context: FlightCallContext
    ) async throws {
        for try await data in reader { try await writer.write(data) }
    }

    func doAction(
        _ action: FlightAction, writer: FlightWriter<FlightResult>, context: FlightCallContext
    ) async throws {
        switch action.type {
        case "echo":
            try await writer.write(FlightResult(body: action.body))
        case "sleep":
            do {
                try await Task.sleep(for: .seconds(60))
            } catch {
                seen.withLockedValue { $0.cancelledCalls += 1 }
                throw error
            }
        case "headers":
            context.addResponseHeader("x-answer", "head")
            context.addResponseTrailer("x-trailer", "tail")
            let name = String(buffer: action.body)
            let value = context.metadata.first(name) ?? "none"
            try await writer.write(FlightResult(body: ByteBuffer(string: value)))
        case "many":
            for number in 0..<1000 {
                try await writer.write(FlightResult(body: ByteBuffer(string: "\(number)")))
            }
        case "status":
            let number = Int(String(buffer: action.body)) ?? 0
            let code = FlightStatusCode(rawValue: number) ?? .unknown
            throw FlightError(code, "as asked", details: [0, 1, 254, 255])
        case "fail":
            throw FlightError(.failedPrecondition, "Grüße, 50 % \n", details: [1, 2, 255])
        default:
            throw FlightError(.invalidArgument, "unknown action \(action.type)")
        }
    }

    func listActions(context: FlightCallContext) async throws -> [FlightActionType] {
        [
            FlightActionType(type: "echo", description: "sends back its body"),
            FlightActionType(type: "sleep", description: "takes long"),
        ]
    }
}

/// A service that has nothing.
struct EmptyService: FlightService {}
