import MarbleArrow
import MarbleStore
import NIOCore

/// A table of the database: what is fixed when it is created, and its rows.
final class Table: Sendable {
    /// The key in the schema's metadata that names the primary key's columns, comma-separated.
    static let primaryKeyMetadataKey = "marble.primary_key"
    /// Larger batches can't be applied, whatever a node's configuration lets in.
    static let batchByteCountMax = 1 << 30

    let id: UInt64
    let name: String
    let schema: ArrowSchema
    let schemaMessage: ByteBuffer
    let primaryKey: [String]
    /// The positions of the key's columns in the schema, in the key's order.
    let keyPositions: [Int]
    /// The key's columns in the key's order, and in the schema's.
    let keySchema: ArrowSchema
    let sortedKeySchema: ArrowSchema
    let store: any TableStore

    init(id: UInt64, definition: TableDefinition, store configuration: StoreConfiguration) {
        self.id = id
        name = definition.name
        schema = definition.schema
        schemaMessage = definition.schemaMessage
        primaryKey = definition.primaryKey
        keyPositions = definition.keyPositions
        keySchema = definition.schema.select(keyPositions)
        sortedKeySchema = definition.schema.select(keyPositions.sorted())
        store =
            keyPositions.isEmpty
            ? AppendMemoryTable(configuration: configuration)
            : KeyedMemoryTable(
                schema: schema, keyColumns: keyPositions, configuration: configuration)
    }

    var isKeyed: Bool {
        !keyPositions.isEmpty
    }

    var description: TableDescription {
        let capture = store.capture()
        return TableDescription(
            id: id, name: name, schema: schema, schemaMessage: schemaMessage,
            primaryKey: primaryKey, rowCount: capture.rowCount, byteCount: capture.byteCount,
            changedIndex: max(capture.version, id))
    }

    /// What a batch of a layout looks like.
    func schema(of layout: BatchLayout) -> ArrowSchema {
        switch layout {
        case .allColumns: schema
        case .keyColumns: keySchema
        case .sortedKeyColumns: sortedKeySchema
        }
    }

    /// Where the key's columns are in a batch of a layout, in the key's order.
    func keyPositions(in layout: BatchLayout) -> [Int] {
        switch layout {
        case .allColumns: return keyPositions
        case .keyColumns: return Array(keyPositions.indices)
        case .sortedKeyColumns:
            let sorted = keyPositions.sorted()
            return keyPositions.compactMap { sorted.firstIndex(of: $0) }
        }
    }

    /// Reads the metadata of a batch.
    func decode(header: ArrowBuffer) throws(DatabaseError) -> RecordBatchHeader {
        do throws(ArrowError) {
            guard case .recordBatch(let header) = try ArrowIPC.decodeMessage(header: header) else {
                throw ArrowError(
                    .malformed, "a schema or a dictionary was sent where a record batch belongs")
            }
            return header
        } catch {
            throw DatabaseError(error, in: "table \"\(name)\"")
        }
    }

    /// Reads a batch and checks all of it: what it accepts can be applied, on every node.
    func decode(
        header: ArrowBuffer, body: ArrowBuffer, layout: BatchLayout
    ) throws(DatabaseError) -> ArrowRecordBatch {
        try decode(header: try decode(header: header), body: body, layout: layout)
    }

    /// Reads a batch, as above, whose metadata has been read already.
    func decode(
        header: RecordBatchHeader, body: ArrowBuffer, layout: BatchLayout
    ) throws(DatabaseError) -> ArrowRecordBatch {
        guard body.count <= Self.batchByteCountMax else {
            throw DatabaseError(
                .resourceExhausted,
                "table \"\(name)\": a batch of \(body.count) bytes can't be applied, the limit is "
                    + "\(Self.batchByteCountMax); send smaller batches")
        }
        let batch: ArrowRecordBatch
        do throws(ArrowError) {
            batch = try ArrowIPC.decodeRecordBatch(
                header: header, body: body, schema: schema(of: layout), validation: .full)
        } catch {
            throw DatabaseError(error, in: "table \"\(name)\"")
        }
        if layout == .allColumns {
            for position in keyPositions where batch.columns[position].nullCount > 0 {
                throw nullInKey(schema.fields[position].name)
            }
        } else {
            for (position, column) in batch.columns.enumerated() where column.nullCount > 0 {
                throw nullInKey(schema(of: layout).fields[position].name)
            }
        }
        return batch
    }

    private func nullInKey(_ column: String) -> DatabaseError {
        DatabaseError(
            .invalidArgument,
            "table \"\(name)\": the primary key's column \"\(column)\" holds nulls; "
                + "give each row a value")
    }
}
