import MarbleArrow

/// The bytes of an Arrow IPC file. What is read is written again and must come out the same.
enum ArrowFileTarget {
    /// Blocks of a footer may lie over each other, so that a small file has many batches.
    private static let batchCountMax = 64

    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        do throws(ArrowError) {
            let reader = try ArrowFileReader(
                ArrowBuffer(copying: bytes), uncompressedByteCountMax: 1 << 24)
            var batches: [ArrowRecordBatch] = []
            for index in 0..<min(reader.batchCount, batchCountMax) {
                batches.append(try reader.batch(at: index))
            }
            ArrowChecks.check(reader.schema, batches)
            return .accepted
        } catch {
            return .refused
        }
    }
}
