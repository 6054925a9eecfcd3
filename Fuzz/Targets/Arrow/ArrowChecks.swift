import MarbleArrow

/// What must hold for every batch that was read with full validation.
enum ArrowChecks {
    /// Batches of more rows aren't compared: one without columns may claim millions.
    private static let rowCountMax = 4096

    /// Writes the batches, and parts of them, as a stream, reads it, copies the rows, and compares.
    static func check(_ schema: ArrowSchema, _ batches: [ArrowRecordBatch]) {
        let batches = batches.filter { $0.rowCount <= rowCountMax }
        do throws(ArrowError) {
            try checkStream(schema, batches + batches.map(secondHalf))
            for batch in batches { try checkGathered(batch) }
        } catch {
            fatalError("what was read can't be written, read again or copied: \(error)")
        }
    }

    private static func secondHalf(_ batch: ArrowRecordBatch) -> ArrowRecordBatch {
        let half = batch.rowCount / 2
        return batch.slice(offset: half, length: batch.rowCount - half)
    }

    private static func checkStream(
        _ schema: ArrowSchema, _ batches: [ArrowRecordBatch]
    ) throws(ArrowError) {
        var writer = ArrowStreamWriter(schema: schema)
        for batch in batches { try writer.write(batch) }
        writer.finish()
        var reader = ArrowStreamReader()
        reader.append(writer.takeBytes())
        var read: [ArrowRecordBatch] = []
        while let event = try reader.next() {
            if case .recordBatch(let batch) = event { read.append(batch) }
        }
        precondition(reader.schema == schema, "\(schema) became another schema")
        precondition(read == batches, "batches of \(schema) changed")
    }

    /// The last row, then all rows.
    private static func checkGathered(_ batch: ArrowRecordBatch) throws(ArrowError) {
        guard batch.rowCount > 0, !batch.columns.isEmpty else { return }
        var gather = ArrowGather(schema: batch.schema)
        let source = try gather.addSource(batch)
        gather.append(source: source, row: batch.rowCount - 1)
        gather.append(source: source, rows: 0..<batch.rowCount)
        let gathered = try gather.finish()
        precondition(
            gathered.slice(offset: 1, length: batch.rowCount) == batch,
            "rows of \(batch.schema) changed when they were gathered")
    }
}
