import MarbleArrow
import MarbleStore

/// Tables of text keys and numbers, and batches for them.
enum StoreFixtures {
    static let schema = ArrowSchema([
        ArrowField("key", .utf8, nullable: false), ArrowField("value", .int64),
    ])
    static let limit = ScanBatchLimit(rowCount: 100, byteCount: 10_000)

    struct Row: Equatable {
        var key: String
        var value: Int64?
    }

    /// Merges early, so that short tests see all kinds of chunks.
    static var configuration: StoreConfiguration {
        var configuration = StoreConfiguration(hashSeed: 7)
        configuration.smallChunkRowCount = 16
        configuration.smallChunkByteCount = 1 << 20
        configuration.fullChunkRowCount = 64
        configuration.fullChunkByteCount = 1 << 20
        configuration.incomingChunkCount = 8
        configuration.smallChunkCount = 4
        return configuration
    }

    static func keyedTable() -> KeyedMemoryTable {
        KeyedMemoryTable(schema: schema, keyColumns: [0], configuration: configuration)
    }

    static func batch(_ rows: [Row]) -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(schema: schema)
        for row in rows {
            builder.columns[0].append(row.key)
            if let value = row.value {
                builder.columns[1].append(value)
            } else {
                builder.columns[1].appendNull()
            }
        }
        return builder.finish()
    }

    static func keys(_ keys: [String]) -> ArrowRecordBatch {
        var builder = ArrowRecordBatchBuilder(schema: schema.select([0]))
        for key in keys { builder.columns[0].append(key) }
        return builder.finish()
    }

    static func rows(
        _ capture: TableCapture, order: StoreScanOrder, offset: Int = 0, rowCountMax: Int? = nil,
        limit: ScanBatchLimit = limit
    ) throws -> [Row] {
        var scan = StoreScan(
            capture, schema: schema, columns: nil, order: order, offset: offset,
            rowCountMax: rowCountMax, limit: limit)
        var rows: [Row] = []
        while let batch = try scan.next() {
            for row in 0..<batch.rowCount {
                rows.append(
                    Row(
                        key: batch.columns[0].string(at: row),
                        value: batch.columns[1].isNull(row) ? nil : batch.columns[1].int64(at: row)
                    ))
            }
        }
        return rows
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
