internal import MarbleArrow
internal import MarbleCluster
internal import MarbleDB
package import MarbleFlight
internal import MarbleJSON
internal import NIOCore

extension DatabaseFlightService {
    package func getFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightInfo {
        try await answering {
            switch try FlightRequest(descriptor) {
            case .system(let request): return try info(request, descriptor)
            case .scan(let request):
                try await linearize()
                return try info(request, descriptor)
            }
        }
    }

    /// Every query is complete at once.
    package func pollFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightPollInfo {
        FlightPollInfo(
            info: try await getFlightInfo(descriptor, context: context), progress: 1)
    }

    package func getSchema(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightSchemaResult {
        let info = try await getFlightInfo(descriptor, context: context)
        return FlightSchemaResult(schema: info.schema)
    }

    package func listFlights(
        _ criteria: FlightCriteria, flights: FlightWriter<FlightInfo>, context: FlightCallContext
    ) async throws {
        let prefix = String(buffer: criteria.expression)
        let infos = try await answering {
            try await linearize()
            var infos: [FlightInfo] = []
            for table in database.tables where table.name.hasPrefix(prefix) {
                infos.append(try info(ScanRequest(table: table.name), .path([table.name])))
            }
            guard prefix.isEmpty else { return infos }
            for flight in SystemFlight.allCases {
                infos.append(try info(SystemRequest(flight), flight.descriptor))
            }
            return infos
        }
        try await flights.write(contentsOf: infos)
    }

    private func info(
        _ request: ScanRequest, _ descriptor: FlightDescriptor
    ) throws -> FlightInfo {
        let table = try database.table(named: request.table)
        var pinned = request
        pinned.index = max(database.lastApplied, request.index ?? 0)
        let locations = configuration.nodeEndpoints.map {
            FlightLocation(
                host: $0.host, port: $0.port, usesTLS: configuration.security.tls != nil)
        }
        return FlightInfo(
            schema: ByteBuffer(encapsulating: try database.schema(of: request)),
            descriptor: descriptor,
            endpoints: [
                FlightEndpoint(ticket: FlightTicket(pinned.json), locations: locations)
            ],
            totalRecords: Int64(
                min(request.limit ?? .max, max(0, table.rowCount - request.offset))),
            isOrdered: true)
    }

    /// A system flight is this node's view, so its ticket is for this node.
    private func info(
        _ request: SystemRequest, _ descriptor: FlightDescriptor
    ) throws -> FlightInfo {
        let rows = try SystemFlightRows(service: self, request: request)
        return FlightInfo(
            schema: ByteBuffer(encapsulating: rows.schema), descriptor: descriptor,
            endpoints: [FlightEndpoint(ticket: FlightTicket(request.json))], isOrdered: true)
    }
}

extension SystemRequest {
    /// The request as a ticket's text.
    var json: ByteBuffer {
        JSONWriter.object { writer in
            writer.member("system", flight.rawValue)
            if let columns {
                writer.key("columns")
                writer.array(columns) { $0.value($1) }
            }
            if let limit { writer.member("limit", limit) }
            if let from { writer.member("from", from) }
        }
    }
}
