public import MarbleArrow
import MarbleJSON
import MarbleStore

extension Database {
    /// Captures a table's rows as of now, to be read in batches.
    ///
    /// How recent "now" is, the caller decides beforehand: for `linearizable` it waits until `lastApplied`
    /// has reached Raft's read index, for a ticket with an `index` until it has reached that.
    ///
    /// - Throws: `notFound` for a table, `invalidArgument` for a column that isn't there,
    ///   `failedPrecondition` for an order by key where there is none.
    public func scan(_ request: ScanRequest) throws(DatabaseError) -> TableScan {
        // Before the table is found: what it has then is at least what this index says.
        let applied = lastApplied
        let table = try find(request.table)
        let columns = try Self.positions(of: request.columns, in: table)
        let schema = columns.map { table.schema.select($0) } ?? table.schema
        let order: StoreScanOrder
        switch request.order {
        case nil: order = table.isKeyed ? .keyAscending : .stored
        case .key: order = .keyAscending
        case .keyDescending: order = .keyDescending
        }
        guard order == .stored || table.isKeyed else {
            throw DatabaseError(
                .failedPrecondition,
                "table \"\(table.name)\" has no primary key to order by; leave out \"order\" to read "
                    + "it in the order of the log")
        }
        let capture = table.store.capture()
        let scan = StoreScan(
            capture, schema: table.schema, columns: columns, order: order, offset: request.offset,
            rowCountMax: request.limit, limit: scanLimit(columnCount: schema.nestedColumnCount))
        return TableScan(
            schema: schema, index: max(applied, capture.version, table.id), table: table.name,
            scan: scan)
    }

    /// What the batches of a scan would look like. Throws as `scan` does.
    public func schema(of request: ScanRequest) throws(DatabaseError) -> ArrowSchema {
        let table = try find(request.table)
        let columns = try Self.positions(of: request.columns, in: table)
        return columns.map { table.schema.select($0) } ?? table.schema
    }

    /// The limit of a scan's batches, less what Arrow's metadata and padding take.
    func scanLimit(columnCount: Int) -> ScanBatchLimit {
        let perColumn = 512
        let byteCount = configuration.scanBatchByteCountMax - 512 - columnCount * perColumn
        return ScanBatchLimit(
            rowCount: max(configuration.scanBatchRowCountMax, 1), byteCount: max(byteCount, 1))
    }

    private static func positions(
        of columns: [String]?, in table: Table
    ) throws(DatabaseError) -> [Int]? {
        guard let columns else { return nil }
        guard !columns.isEmpty else {
            throw DatabaseError(
                .invalidArgument,
                "\"columns\" names no column; name at least one, or leave it out for all")
        }
        var positions: [Int] = []
        for column in columns {
            guard let position = table.schema.index(of: column) else {
                throw DatabaseError(
                    .invalidArgument,
                    "table \"\(table.name)\" has no column \(JSONValue.quoted(column)); it has: "
                        + table.schema.fields.map(\.name).joined(separator: ", "))
            }
            guard !positions.contains(position) else {
                throw DatabaseError(
                    .invalidArgument, "\"columns\" names \(JSONValue.quoted(column)) twice")
            }
            positions.append(position)
        }
        return positions
    }
}
