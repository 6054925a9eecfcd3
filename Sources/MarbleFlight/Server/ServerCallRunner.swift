import NIOCore
import Tracing

/// Runs the async method of a service for one call.
struct ServerCallRunner: Sendable {
    let service: any FlightService
    let bridge: FlightStreamBridge
    let context: FlightCallContext

    func start() {
        let task = Task { await run() }
        bridge.whenClosed { _ in task.cancel() }
    }

    private func run() async {
        do {
            if let serviceContext = context.serviceContext {
                try await ServiceContext.withValue(serviceContext) { try await callMethod() }
            } else {
                try await callMethod()
            }
            bridge.finish()
        } catch {
            bridge.finish(FlightError(answering: error))
        }
    }

    private func callMethod() async throws {
        switch context.method {
        case .handshake:
            try await service.handshake(
                requests: bridge.handshakeRequestReader,
                responses: bridge.handshakeResponseWriter, context: context)
        case .listFlights:
            let criteria = FlightCriteria(try await request().appMetadata)
            try await service.listFlights(criteria, flights: bridge.infoWriter, context: context)
        case .getFlightInfo:
            let info = try await service.getFlightInfo(try await descriptor(), context: context)
            try await bridge.write(FlightData(appMetadata: info.encoded()))
        case .pollFlightInfo:
            let info = try await service.pollFlightInfo(try await descriptor(), context: context)
            try await bridge.write(FlightData(appMetadata: info.encoded()))
        case .getSchema:
            let result = try await service.getSchema(try await descriptor(), context: context)
            try await bridge.write(FlightData(appMetadata: result.schema))
        case .doGet:
            let ticket = try await request().ticket
            try await service.doGet(ticket, writer: bridge.dataWriter, context: context)
        case .doPut:
            try await service.doPut(
                reader: bridge.dataReader, writer: bridge.putResultWriter, context: context)
        case .doExchange:
            try await service.doExchange(
                reader: bridge.dataReader, writer: bridge.dataWriter, context: context)
        case .doAction:
            let action = try await request().action
            try await service.doAction(action, writer: bridge.resultWriter, context: context)
        case .listActions:
            for type in try await service.listActions(context: context) {
                try await bridge.write(FlightData(appMetadata: type.encoded()))
            }
        }
    }

    private func request() async throws(FlightError) -> FlightData {
        guard let data = try await bridge.next() else {
            throw FlightError(.invalidArgument, "the call ended without its request message")
        }
        return data
    }

    private func descriptor() async throws(FlightError) -> FlightDescriptor {
        try FlightDescriptor(decoding: try await request().appMetadata)
    }
}
