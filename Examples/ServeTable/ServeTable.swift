import MarbleArrow
import MarbleFlight

/// Serves one table to whoever asks: `serve-table PORT`.
@main
struct ServeTable: FlightService {
    let table: ArrowRecordBatch

    func getFlightInfo(
        _ descriptor: FlightDescriptor, context: FlightCallContext
    ) async throws -> FlightInfo {
        FlightInfo(
            table.schema, descriptor: descriptor,
            endpoints: [FlightEndpoint(ticket: FlightTicket("prices"))],
            totalRecords: Int64(table.rowCount))
    }

    func doGet(
        _ ticket: FlightTicket, writer: FlightWriter<FlightData>, context: FlightCallContext
    ) async throws {
        var batches = try await writer.begin(table.schema)
        try await batches.write(table)
    }

    static func main() async throws {
        var rows = ArrowRecordBatchBuilder(
            schema: ArrowSchema([ArrowField("symbol", .utf8), ArrowField("price", .float64)]))
        for (symbol, price) in [("ABC", 9.5), ("DEF", 7.25), ("GHI", 8.0)] {
            rows.columns[0].append(symbol)
            rows.columns[1].append(price)
        }
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 5005
        let server = FlightServer(
            configuration: FlightServerConfiguration(host: "localhost", port: port),
            service: ServeTable(table: rows.finish()))
        try await server.run()
    }
}
