internal import MarbleArrow
internal import MarbleCluster
internal import MarbleDB
internal import MarbleFlight
internal import MarbleJSON
internal import MarbleMetrics
internal import NIOCore

/// Makes the rows of the system flights, batch after batch.
struct SystemFlightRows {
    /// The log is read in pieces of about so many bytes.
    private static let logByteCountMax = 2 << 20

    let service: DatabaseFlightService
    let request: SystemRequest
    let positions: [Int]?

    init(service: DatabaseFlightService, request: SystemRequest) throws(FlightError) {
        self.service = service
        self.request = request
        positions = try request.positions()
    }

    var schema: ArrowSchema {
        positions.map { request.flight.schema.select($0) } ?? request.flight.schema
    }

    /// Hands every batch to `body`; returns how many rows there were.
    func write(to body: (ArrowRecordBatch) async throws -> Void) async throws -> UInt64 {
        var remaining = request.limit ?? .max
        var rowCount: UInt64 = 0
        func emit(_ batch: ArrowRecordBatch) async throws {
            let count = Int(min(UInt64(batch.rowCount), remaining))
            guard count > 0 else { return }
            remaining -= UInt64(count)
            rowCount += UInt64(count)
            let rows = batch.slice(offset: 0, length: count)
            try await body(positions.map { rows.select($0) } ?? rows)
        }
        switch request.flight {
        case .members: try await emit(members())
        case .metrics: try await emit(metrics())
        case .tables: try await emit(tables())
        case .log:
            let status = try await service.raft().status
            let start = max(request.from ?? 0, status.firstIndex)
            var names = LogTableNames(database: service.database)
            var hasLookedBack = start == status.firstIndex
            var next = start
            while next <= status.lastIndex, remaining > 0 {
                let entries = try await entries(from: next)
                guard let last = entries.last else { break }
                let rows = names.rows(of: entries)
                if !hasLookedBack, rows.contains(where: names.isUnknown) {
                    hasLookedBack = true
                    try await learn(&names, from: status.firstIndex, to: start)
                }
                try await emit(Self.log(rows, names))
                next = last.index + 1
            }
        }
        return rowCount
    }

    private func entries(from index: UInt64) async throws -> [RaftEntry] {
        try await service.raft().entries(from: index, byteCountMax: Self.logByteCountMax)
    }

    /// Reads the part of the log that isn't asked for, for the names of tables dropped since.
    private func learn(
        _ names: inout LogTableNames, from first: UInt64, to end: UInt64
    ) async throws {
        var next = first
        while next < end {
            let entries = try await entries(from: next)
            guard let last = entries.last else { break }
            _ = names.rows(of: entries)
            next = last.index + 1
        }
    }

    private func members() async throws -> ArrowRecordBatch {
        let status = try await service.raft().status
        var builder = ArrowRecordBatchBuilder(schema: SystemFlight.members.schema)
        let columns = builder.columns
        for member in status.members {
            columns[0].append(member.nodeID)
            columns[1].append(member.endpoint)
            columns[2].append(member.kind.rawValue)
            columns[3].append(optional: member.matchIndex)
            columns[4].append(member.isHealthy)
            columns[5].append(optional: member.reason)
        }
        return builder.finish()
    }

    private func metrics() -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(schema: SystemFlight.metrics.schema)
        let columns = builder.columns
        for family in service.metrics.families() {
            for sample in family.samples {
                var labels = JSONWriter()
                sample.writeLabels(to: &labels)
                columns[0].append(family.name)
                columns[1].append(family.kind.rawValue)
                columns[2].append(String(buffer: labels.buffer))
                switch sample.value {
                case .number(let number):
                    columns[3].append(number)
                    columns[4].appendNull()
                    columns[5].appendNull()
                case .histogram(let buckets, let sum):
                    columns[3].appendNull()
                    columns[4].append(buckets.last?.count ?? 0)
                    columns[5].append(sum)
                }
            }
        }
        return builder.finish()
    }

    private func tables() async throws -> ArrowRecordBatch {
        try await service.linearize()
        var builder = ArrowRecordBatchBuilder(schema: SystemFlight.tables.schema)
        let columns = builder.columns
        for table in service.database.tables {
            columns[0].append(table.name)
            columns[1].append(
                optional: table.primaryKey.isEmpty
                    ? nil : table.primaryKey.joined(separator: ","))
            columns[2].append(UInt64(table.rowCount))
            columns[3].append(table.createdIndex)
        }
        return builder.finish()
    }

    private static func log(
        _ rows: [LogTableNames.Row], _ names: LogTableNames
    ) -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(
            schema: SystemFlight.log.schema, expectedRowCount: rows.count)
        let columns = builder.columns
        for row in rows {
            let entry = row.entry
            columns[0].append(entry.index)
            columns[1].append(entry.term)
            columns[2].append(row.summary?.operation ?? "noop")
            columns[3].append(optional: names.name(for: row))
            columns[4].append(optional: row.summary?.rowCount)
            columns[5].append(UInt64(entry.payload.readableBytes))
            entry.payload.withUnsafeReadableBytes { columns[6].append(bytes: $0) }
        }
        return builder.finish()
    }
}

extension ArrowColumnBuilder {
    fileprivate func append(optional text: String?) {
        if let text { append(text) } else { appendNull() }
    }

    fileprivate func append(optional number: (some BinaryInteger)?) {
        if let number { append(number) } else { appendNull() }
    }
}
