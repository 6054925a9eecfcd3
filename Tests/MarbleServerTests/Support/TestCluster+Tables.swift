import MarbleArrow
import MarbleFlight
import NIOCore

@testable import MarbleServer

extension TestCluster {
    /// `id: int64 not null, name: utf8`, with `id` as the key, or without a key.
    static func schema(keyed: Bool = true) -> ArrowSchema {
        ArrowSchema(
            [ArrowField("id", .int64, nullable: false), ArrowField("name", .utf8)],
            metadata: keyed ? ["marble.primary_key": "id"] : [:])
    }

    static func batch(_ rows: [(Int64, String?)], keyed: Bool = true) -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(schema: schema(keyed: keyed))
        for (id, name) in rows {
            builder.columns[0].append(id)
            if let name { builder.columns[1].append(name) } else { builder.columns[1].appendNull() }
        }
        return builder.finish()
    }

    /// Writes the batches in one stream; returns the PutResults' texts.
    func put(
        _ table: String, _ batches: [(ArrowRecordBatch, metadata: String?)], keyed: Bool = true,
        on node: Int
    ) async throws -> [String] {
        let call = clients[node].doPut()
        var first = FlightData(schema: Self.schema(keyed: keyed))
        first.descriptor = .path([table])
        try await call.writer.write(first)
        for (batch, metadata) in batches {
            var data = FlightData(batch: batch)
            if let metadata { data.appMetadata = ByteBuffer(string: metadata) }
            try await call.writer.write(data)
        }
        call.finishWriting()
        var results: [String] = []
        for try await result in call.responses {
            results.append(String(buffer: result.appMetadata))
        }
        return results
    }

    /// Reads a ticket's rows as `id=name`, and the last message's JSON.
    func get(_ ticket: String, on node: Int) async throws -> (rows: [String], summary: String) {
        let reader = try await clients[node].doGet(FlightTicket(ticket))
        var schema: ArrowSchema?
        var rows: [String] = []
        var summary = ""
        for try await data in reader {
            if data.appMetadata.readableBytes > 0 { summary = String(buffer: data.appMetadata) }
            guard data.dataHeader.readableBytes > 0 else { continue }
            let header = ArrowBuffer(Array(data.dataHeader.readableBytesView))
            switch try ArrowIPC.decodeMessage(header: header) {
            case .schema(let decoded): schema = decoded
            case .recordBatch:
                guard let schema else { throw TestFailure("a batch came before its schema") }
                let batch = try ArrowIPC.decodeRecordBatch(
                    header: header, body: ArrowBuffer(Array(data.dataBody.readableBytesView)),
                    schema: schema, validation: .full)
                rows += Self.texts(batch)
            case .dictionaryBatch: throw TestFailure("tables have no dictionaries")
            }
        }
        return (rows, summary)
    }

    private static func texts(_ batch: ArrowRecordBatch) -> [String] {
        (0..<batch.rowCount).map { row in
            batch.columns.map { column in
                if column.isNull(row) { return "null" }
                return column.type == .int64 ? "\(column.int64(at: row))" : column.string(at: row)
            }.joined(separator: "=")
        }
    }
}
