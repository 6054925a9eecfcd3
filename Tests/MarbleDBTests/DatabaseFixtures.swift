import MarbleArrow
import MarbleCluster
import MarbleDB
import MarbleRaft
import NIOCore

/// Rows, batches and entries for tests of the database.
enum DatabaseFixtures {
    static let schema = ArrowSchema([
        ArrowField("region", .utf8), ArrowField("id", .int64), ArrowField("price", .float64),
        ArrowField("live", .bool),
    ])

    struct Row: Equatable, Hashable {
        var region = "eu"
        var id: Int64
        var price: Double?
        var live: Bool? = true
    }

    static func batch(_ rows: [Row]) -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(schema: schema)
        for row in rows {
            builder.columns[0].append(row.region)
            builder.columns[1].append(row.id)
            if let price = row.price {
                builder.columns[2].append(price)
            } else {
                builder.columns[2].appendNull()
            }
            if let live = row.live {
                builder.columns[3].append(live)
            } else {
                builder.columns[3].appendNull()
            }
        }
        return builder.finish()
    }

    static func rows(_ batch: ArrowRecordBatch) -> [Row] {
        (0..<batch.rowCount).map { row in
            Row(
                region: batch.columns[0].string(at: row), id: batch.columns[1].int64(at: row),
                price: batch.columns[2].isNull(row) ? nil : batch.columns[2].double(at: row),
                live: batch.columns[3].isNull(row) ? nil : batch.columns[3].bool(at: row))
        }
    }

    static func schemaMessage(_ schema: ArrowSchema) -> ByteBuffer {
        ByteBuffer(bytes: ArrowIPC.encodeSchema(schema))
    }

    /// What Flight's messages carry of a batch.
    static func message(
        _ batch: ArrowRecordBatch, compression: ArrowCompression = .none
    ) -> (header: ByteBuffer, body: ByteBuffer) {
        message(ArrowIPC.encodeRecordBatch(batch, compression: compression))
    }

    static func message(
        _ encoded: ArrowEncodedRecordBatch
    ) -> (header: ByteBuffer, body: ByteBuffer) {
        var body = ByteBuffer()
        for segment in encoded.segments { segment.withUnsafeBytes { _ = body.writeBytes($0) } }
        return (ByteBuffer(bytes: encoded.header), body)
    }
}

/// A database that is its own log: proposes, applies, and keeps the entries.
final class LoggedDatabase {
    let database: Database
    private(set) var entries: [RaftEntry] = []
    private var index: RaftIndex = 0

    init(configuration: DatabaseConfiguration = DatabaseConfiguration()) {
        database = Database(configuration: configuration)
    }

    @discardableResult
    func apply(_ payload: ByteBuffer, term: RaftTerm = 1) throws -> WriteOutcome {
        index += 1
        let entry = RaftEntry(index: index, term: term, kind: .command, payload: payload)
        entries.append(entry)
        return try WriteOutcome(decoding: database.apply([entry])[0])
    }

    /// Applies, and throws what the outcome says if it failed.
    @discardableResult
    func commit(_ payload: ByteBuffer, term: RaftTerm = 1) throws -> WriteReceipt {
        switch try apply(payload, term: term) {
        case .done(let receipt): return receipt
        case .failed(let error): throw error
        }
    }

    func create(_ name: String = "t", primaryKey: [String] = []) throws {
        try commit(
            database.createTableCommand(
                name: name, schemaMessage: DatabaseFixtures.schemaMessage(DatabaseFixtures.schema),
                primaryKey: primaryKey))
    }

    func payload(
        _ batch: ArrowRecordBatch, table: String = "t", appMetadata: String = "",
        compression: ArrowCompression = .none
    ) throws -> ByteBuffer {
        let writer = try database.writer(
            table: table, schemaMessage: DatabaseFixtures.schemaMessage(batch.schema))
        var encoder = ArrowBatchEncoder(schema: batch.schema, compression: compression)
        for encoded in encoder.encode(batch) {
            let message = DatabaseFixtures.message(encoded)
            let payload = try writer.encode(
                dataHeader: message.header, dataBody: message.body,
                appMetadata: ByteBuffer(string: appMetadata))
            if let payload { return payload }
        }
        throw DatabaseError(.internalError, "no message of the batch was one to propose")
    }

    @discardableResult
    func write(
        _ rows: [DatabaseFixtures.Row], table: String = "t", appMetadata: String = ""
    ) throws -> WriteReceipt {
        try commit(
            payload(DatabaseFixtures.batch(rows), table: table, appMetadata: appMetadata))
    }

    func rows(_ request: ScanRequest = ScanRequest(table: "t")) throws -> [DatabaseFixtures.Row] {
        try Self.rows(database, request)
    }

    static func rows(
        _ database: Database, _ request: ScanRequest = ScanRequest(table: "t")
    ) throws -> [DatabaseFixtures.Row] {
        let scan = try database.scan(request)
        var rows: [DatabaseFixtures.Row] = []
        while let batch = try scan.next() { rows += DatabaseFixtures.rows(batch) }
        return rows
    }
}

/// A snapshot's chunks in memory.
struct SnapshotChunks: RaftSnapshotSource {
    final class Position {
        var index = 0
    }

    var chunks: [ByteBuffer] = []
    private let position = Position()

    init(of database: Database) throws {
        var chunks: [ByteBuffer] = []
        try database.snapshot().write { chunks.append($0) }
        self.chunks = chunks
    }

    init(_ chunks: [ByteBuffer]) {
        self.chunks = chunks
    }

    func next() throws -> ByteBuffer? {
        guard position.index < chunks.count else { return nil }
        position.index += 1
        return chunks[position.index - 1]
    }
}

/// A generator that gives the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
