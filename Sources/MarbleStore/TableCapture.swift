/// A table's rows at one moment: shares their memory with the table, and doesn't change.
package struct TableCapture: Sendable {
    /// In a table without a key: in log order. Places may be empty.
    var chunks: [RowChunk?]
    package internal(set) var rowCount: Int
    /// The log index of the last change.
    package internal(set) var version: UInt64

    init(chunks: [RowChunk?] = [], rowCount: Int = 0, version: UInt64 = 0) {
        self.chunks = chunks
        self.rowCount = rowCount
        self.version = version
    }

    /// How many bytes the chunks hold, dead rows included.
    package var byteCount: Int {
        chunks.reduce(0) { $0 + ($1?.rows.byteCount ?? 0) }
    }
}

/// What a scan hands out at most in one batch.
package struct ScanBatchLimit: Sendable {
    package var rowCount: Int
    /// Of values, offsets and validity; a single row may exceed it.
    package var byteCount: Int

    package init(rowCount: Int, byteCount: Int) {
        self.rowCount = rowCount
        self.byteCount = byteCount
    }
}

/// In which order a scan hands rows out.
package enum StoreScanOrder: Sendable {
    /// As they lie: log order in a table without a key, any order in one with a key.
    case stored
    case keyAscending
    case keyDescending
}
