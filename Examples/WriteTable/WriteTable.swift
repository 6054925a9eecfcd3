import MarbleArrow
import MarbleFlight
import NIOCore

/// Writes rows to a table of a MarbleDB node and reads the table back: `write-table PORT`.
@main
struct WriteTable {
    static let schema = ArrowSchema(
        [ArrowField("id", .int64, nullable: false), ArrowField("name", .utf8)],
        metadata: ["marble.primary_key": "id"])

    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 5001
        let client = FlightClient(configuration: .init(host: "localhost", port: port))
        do {
            try await write(client)
            try await read(client)
        } catch {
            print("\(error)")
        }
        await client.close()
    }

    static func write(_ client: FlightClient) async throws {
        var rows = ArrowRecordBatchBuilder(schema: schema)
        for (id, name) in [(1, "one"), (2, nil), (3, "three")] as [(Int64, String?)] {
            rows.columns[0].append(id)
            if let name { rows.columns[1].append(name) } else { rows.columns[1].appendNull() }
        }
        let put = client.doPut()
        var batches = try await put.writer.begin(schema, descriptor: .path(["numbers"]))
        try await batches.write(rows.finish())
        put.finishWriting()
        for try await result in put.responses {
            print("committed: \(String(buffer: result.appMetadata))")
        }
    }

    static func read(_ client: FlightClient) async throws {
        let ticket = FlightTicket(#"{"table": "numbers"}"#)
        for try await batch in try await client.doGet(ticket).batches {
            for row in 0..<batch.rowCount {
                let name = batch.columns[1].isNull(row) ? "-" : batch.columns[1].string(at: row)
                print("\(batch.columns[0].int64(at: row)) \(name)")
            }
        }
    }
}
