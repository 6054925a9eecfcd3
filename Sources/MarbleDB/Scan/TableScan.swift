public import MarbleArrow
public import MarbleRaft
import MarbleStore
import Synchronization

/// The rows of a table as they were when the scan began, in batches.
///
/// Later writes don't change what it hands out, and it doesn't hold them up. It may be used from any
/// thread, one call at a time.
public final class TableScan: Sendable {
    /// What the batches look like.
    public let schema: ArrowSchema
    /// The log index of the state that is read: all entries up to it count, none behind it.
    public let index: RaftIndex
    private let table: String
    private let scan: Mutex<StoreScan>

    init(schema: ArrowSchema, index: RaftIndex, table: String, scan: sending StoreScan) {
        self.schema = schema
        self.index = index
        self.table = table
        self.scan = Mutex(scan)
    }

    /// The next batch, of at least one row; nil when all rows have been handed out.
    ///
    /// Takes as long as finding and copying up to `scanBatchByteCountMax` bytes of rows; the first call
    /// for an order by key sorts.
    public func next() throws(DatabaseError) -> ArrowRecordBatch? {
        let result: Result<ArrowRecordBatch?, StoreError> = scan.withLock { scan in
            do throws(StoreError) { return .success(try scan.next()) } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let batch): return batch
        case .failure(let error):
            throw DatabaseError(
                .internalError, "table \"\(table)\": \(error.message)", cause: error)
        }
    }

    /// How many rows have been looked at so far.
    public var rowsScanned: Int {
        scan.withLock { $0.rowsScanned }
    }

    /// How many rows have been handed out so far.
    public var rowsReturned: Int {
        scan.withLock { $0.rowsReturned }
    }
}
