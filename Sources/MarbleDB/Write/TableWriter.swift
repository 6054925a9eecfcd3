import MarbleArrow
import MarbleFlight
public import NIOCore
import Synchronization

/// Turns the batches of one `do_put` stream into proposals, after checking everything about them.
///
/// It is made once for a stream, of the stream's schema, and may be used from any thread. Columns may
/// be dictionary-encoded in the stream: what the table keeps are the values.
public final class TableWriter: Sendable {
    /// Which of the table's columns the stream's batches have.
    private enum Columns {
        case all
        /// The primary key's only: enough to delete.
        case key(BatchLayout)
    }

    private let target: Table
    private let columns: Columns
    private let batchByteCountMax: Int
    private let streamSchema: ArrowSchema
    /// What has come of the stream's dictionaries.
    private let dictionaries: Mutex<ArrowDictionaries>

    init(
        table: Table, schema streamSchema: ArrowSchema, batchByteCountMax: Int
    ) throws(DatabaseError) {
        target = table
        self.batchByteCountMax = batchByteCountMax
        self.streamSchema = streamSchema
        dictionaries = Mutex(ArrowDictionaries(byteCountMax: batchByteCountMax))
        let schema = streamSchema.withoutDictionaries
        if let primaryKey = TableDefinition.primaryKey(inMetadataOf: schema),
            primaryKey != table.primaryKey
        {
            throw DatabaseError(
                .failedPrecondition,
                "the stream's schema names the primary key (\(primaryKey.joined(separator: ", "))), "
                    + "but table \"\(table.name)\" has (\(table.primaryKey.joined(separator: ", "))); "
                    + "leave out marble.primary_key, or write to another table")
        }
        if Self.isSame(schema, as: table.schema) {
            columns = .all
        } else if table.isKeyed, Self.isSame(schema, as: table.keySchema) {
            columns = .key(.keyColumns)
        } else if table.isKeyed, Self.isSame(schema, as: table.sortedKeySchema) {
            columns = .key(.sortedKeyColumns)
        } else {
            throw DatabaseError(
                .failedPrecondition,
                "the stream's schema is not that of table \"\(table.name)\": "
                    + Self.difference(schema, table.schema)
                    + "; send the table's columns, by name, type and order"
                    + (table.isKeyed ? ", or only the primary key's to delete" : ""))
        }
    }

    /// The table that is written to.
    public var table: TableDescription {
        target.description
    }

    /// Checks a batch completely and makes a proposal of it, which keeps the batch's bytes as they are,
    /// unless columns are dictionary-encoded. Nil for a dictionary batch: there is nothing to propose.
    ///
    /// - Parameters:
    ///   - dataHeader: the Arrow message's metadata, as in `FlightData.data_header`.
    ///   - dataBody: the Arrow message's body.
    ///   - appMetadata: empty, or JSON: `{"operation": "upsert" | "insert" | "delete",
    ///     "session": "…", "sequence": n}`.
    /// - Throws: `invalidArgument` for damaged or unfitting data and for nulls in the primary key;
    ///   `resourceExhausted` for batches above the limit; `failedPrecondition` for a delete without a
    ///   primary key.
    public func encode(
        dataHeader: ByteBuffer, dataBody: ByteBuffer, appMetadata: ByteBuffer
    ) throws(DatabaseError) -> ByteBuffer? {
        guard streamSchema.hasDictionaries else {
            return try propose(dataHeader, dataBody, appMetadata)
        }
        guard let plain = try decodeDictionaries(dataHeader, dataBody) else { return nil }
        return try propose(plain.header, plain.body, appMetadata)
    }

    /// Takes a dictionary batch, and returns nil; or returns a record batch with the values that its
    /// numbers stand for.
    private func decodeDictionaries(
        _ dataHeader: ByteBuffer, _ dataBody: ByteBuffer
    ) throws(DatabaseError) -> (header: ByteBuffer, body: ByteBuffer)? {
        let result = dictionaries.withLock { dictionaries in
            Result<ArrowRecordBatch?, ArrowError> { () throws(ArrowError) in
                let body = ArrowBuffer(dataBody)
                switch try ArrowIPC.decodeMessage(header: ArrowBuffer(dataHeader)) {
                case .schema:
                    throw ArrowError(.malformed, "a stream has one schema, at its beginning")
                case .dictionaryBatch(let header):
                    try dictionaries.read(
                        header, body: body, schema: streamSchema,
                        uncompressedByteCountMax: batchByteCountMax)
                    return nil
                case .recordBatch(let header):
                    return try ArrowIPC.decodeRecordBatch(
                        header: header, body: body, schema: streamSchema,
                        dictionaries: &dictionaries, uncompressedByteCountMax: batchByteCountMax
                    ).decodingDictionaries(byteCountMax: batchByteCountMax)
                }
            }
        }
        switch result {
        case .failure(let error): throw DatabaseError(error, in: "table \"\(target.name)\"")
        case .success(nil): return nil
        case .success(let batch?):
            let encoded = ArrowIPC.encodeRecordBatch(batch)
            var body = ByteBuffer()
            body.reserveCapacity(encoded.bodyByteCount)
            for segment in encoded.segments {
                segment.withUnsafeBytes { _ = body.writeBytes($0) }
            }
            return (ByteBuffer(bytes: encoded.header), body)
        }
    }

    private func propose(
        _ dataHeader: ByteBuffer, _ dataBody: ByteBuffer, _ appMetadata: ByteBuffer
    ) throws(DatabaseError) -> ByteBuffer {
        let options =
            appMetadata.readableBytes == 0
            ? WriteOptions() : try WriteOptions(appMetadata: appMetadata)
        let layout = try layout(for: options.operation)
        try checkByteCount(dataHeader.readableBytes + dataBody.readableBytes)
        let header = try target.decode(header: ArrowBuffer(dataHeader))
        if header.compression != nil {
            let plain = try decompress(header, dataBody)
            return try encode(
                header: plain.header, dataHeader: ByteBuffer(copying: plain.header.metadata),
                dataBody: ByteBuffer(copying: plain.body), layout: layout, options: options)
        }
        return try encode(
            header: header, dataHeader: dataHeader, dataBody: dataBody, layout: layout,
            options: options)
    }

    private func encode(
        header: RecordBatchHeader, dataHeader: ByteBuffer, dataBody: ByteBuffer,
        layout: BatchLayout, options: WriteOptions
    ) throws(DatabaseError) -> ByteBuffer {
        let batch = try target.decode(
            header: header, body: ArrowBuffer(dataBody), layout: layout)
        return CommandEncoder.write(
            operation: options.operation, layout: layout, tableID: target.id, options: options,
            rowCount: batch.rowCount, header: dataHeader, body: dataBody)
    }

    /// What a table keeps is not compressed: it is read far more often than it is written.
    private func decompress(
        _ header: RecordBatchHeader, _ body: ByteBuffer
    ) throws(DatabaseError) -> (header: RecordBatchHeader, body: ArrowBuffer) {
        let plain: (header: RecordBatchHeader, body: ArrowBuffer)
        do throws(ArrowError) {
            plain = try ArrowIPC.decompress(
                header: header, body: ArrowBuffer(body), byteCountMax: batchByteCountMax)
        } catch {
            throw DatabaseError(error, in: "table \"\(target.name)\"")
        }
        try checkByteCount(plain.header.metadata.count + plain.body.count)
        return plain
    }

    private func checkByteCount(_ byteCount: Int) throws(DatabaseError) {
        guard byteCount <= batchByteCountMax else {
            throw DatabaseError(
                .resourceExhausted,
                "table \"\(target.name)\": the batch has \(byteCount) bytes, the limit is "
                    + "\(batchByteCountMax); send smaller batches")
        }
    }

    private func layout(for operation: CommandOperation) throws(DatabaseError) -> BatchLayout {
        if operation == .delete && !target.isKeyed {
            throw DatabaseError(
                .failedPrecondition,
                "table \"\(target.name)\" has no primary key, so rows can't be deleted from it; "
                    + "drop the table, or create one with a primary key")
        }
        switch columns {
        case .all: return .allColumns
        case .key(let layout):
            guard operation == .delete else {
                throw DatabaseError(
                    .failedPrecondition,
                    "the stream has only the primary key's columns of table \"\(target.name)\": "
                        + "enough for a delete, but not for an \(operation.name); "
                        + "send all columns, or {\"operation\": \"delete\"} as app_metadata")
            }
            return layout
        }
    }

    /// Names and types agree, in order. Whether nulls are allowed is not compared: each batch's nulls
    /// are checked against the table's schema.
    static func isSame(_ schema: ArrowSchema, as other: ArrowSchema) -> Bool {
        schema.fields.count == other.fields.count
            && zip(schema.fields, other.fields).allSatisfy {
                $0.name == $1.name && $0.type.hasSameValues(as: $1.type)
            }
    }

    static func difference(_ schema: ArrowSchema, _ table: ArrowSchema) -> String {
        for field in schema.fields {
            guard let position = table.index(of: field.name) else {
                return "the table has no column \"\(field.name)\""
            }
            let expected = table.fields[position].type
            guard field.type.hasSameValues(as: expected) else {
                return "column \"\(field.name)\" is \(field.type), in the table it is \(expected)"
            }
        }
        for field in table.fields where schema.index(of: field.name) == nil {
            return "column \"\(field.name)\" is missing"
        }
        return "the columns are in another order"
    }
}
