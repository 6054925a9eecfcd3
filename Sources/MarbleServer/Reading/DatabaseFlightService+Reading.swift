internal import MarbleArrow
internal import MarbleCluster
internal import MarbleDB
package import MarbleFlight
internal import MarbleJSON
internal import NIOCore

extension DatabaseFlightService {
    package func doGet(
        _ ticket: FlightTicket, writer: FlightWriter<FlightData>, context: FlightCallContext
    ) async throws {
        try await answering {
            switch try FlightRequest(json: ticket.bytes, subject: "the ticket") {
            case .system(let request): try await write(request, to: writer)
            case .scan(let request): try await write(request, to: writer)
            }
        }
    }

    private func write(_ request: ScanRequest, to writer: FlightWriter<FlightData>) async throws {
        let scan = try await scan(request)
        try await writer.write(FlightData(schema: scan.schema))
        var rowCount: UInt64 = 0
        while let batch = try scan.next() {
            rowCount += UInt64(batch.rowCount)
            try await writer.write(FlightData(batch: batch))
        }
        let summary = JSONWriter.object { writer in
            writer.member("index", scan.index)
            writer.member("rows", rowCount)
            writer.member("rows_scanned", scan.rowsScanned)
        }
        try await writer.write(FlightData(appMetadata: summary))
    }

    /// Waits for the consistency that is asked for, then captures the table.
    private func scan(_ request: ScanRequest) async throws -> TableScan {
        switch request.consistency {
        // A lease read is a linearizable one that needs no round trip; the round trip does no harm.
        case .linearizable, .lease: try await linearize()
        case .stale:
            if let limit = request.maxStaleness { try await linearize(atMost: limit) }
        }
        if let index = request.index { try await waitUntilApplied(index) }
        return try database.scan(request)
    }

    private func write(_ request: SystemRequest, to writer: FlightWriter<FlightData>) async throws {
        let rows = try SystemFlightRows(service: self, request: request)
        try await writer.write(FlightData(schema: rows.schema))
        let rowCount = try await rows.write { try await writer.write(FlightData(batch: $0)) }
        let index = try raft().appliedIndex
        let summary = JSONWriter.object { writer in
            writer.member("index", index)
            writer.member("rows", rowCount)
            writer.member("rows_scanned", rowCount)
        }
        try await writer.write(FlightData(appMetadata: summary))
    }
}
