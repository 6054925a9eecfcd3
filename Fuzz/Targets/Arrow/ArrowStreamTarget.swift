import MarbleArrow

/// The bytes of an Arrow IPC stream.
///
/// The first byte says in pieces of how many bytes the rest arrives; 0: in one. What is read is
/// written again and must come out the same.
enum ArrowStreamTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) -> FuzzTarget.Outcome {
        var input = FuzzInput(bytes)
        let pieceByteCount = Int(input.byte())
        do throws(ArrowError) {
            let (schema, batches) = try read(&input, pieceByteCount)
            guard let schema else { return .refused }
            ArrowChecks.check(schema, batches)
            return .accepted
        } catch {
            return .refused
        }
    }

    private static func read(
        _ input: inout FuzzInput, _ pieceByteCount: Int
    ) throws(ArrowError) -> (ArrowSchema?, [ArrowRecordBatch]) {
        var reader = ArrowStreamReader(bodyByteCountMax: 1 << 24)
        var batches: [ArrowRecordBatch] = []
        repeat {
            let piece =
                pieceByteCount == 0 ? input.takeRest() : input.take(pieceByteCount)
            reader.append(ArrowBuffer(copying: piece))
            while let event = try reader.next() {
                if case .recordBatch(let batch) = event { batches.append(batch) }
            }
        } while !input.isEmpty
        return (reader.schema, batches)
    }
}
