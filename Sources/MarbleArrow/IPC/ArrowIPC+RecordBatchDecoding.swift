extension ArrowIPC {
    /// Reads a record batch whose metadata is still to be decoded.
    ///
    /// Throws `malformed` if the message is another one, and whatever `decodeMessage` and the other
    /// `decodeRecordBatch` throw.
    public static func decodeRecordBatch(
        header: ArrowBuffer, body: ArrowBuffer, schema: ArrowSchema,
        validation: ArrowValidation = .full,
        uncompressedByteCountMax: Int = ArrowLimits.uncompressedByteCountMax
    ) throws(ArrowError) -> ArrowRecordBatch {
        guard case .recordBatch(let header) = try decodeMessage(header: header) else {
            throw ArrowError(
                .malformed,
                "a schema or a dictionary was sent where a record batch belongs")
        }
        return try decodeRecordBatch(
            header: header, body: body, schema: schema, validation: validation,
            uncompressedByteCountMax: uncompressedByteCountMax)
    }

    /// Reads a record batch: its columns are views of `body`, nothing is copied, unless buffers are
    /// compressed; then they are decompressed into memory of their own.
    ///
    /// Every count, length and buffer is checked before it is used, and with `.full` every value as
    /// well. Throws `malformed`, naming the column, if the batch doesn't keep to the format or to
    /// the schema, or if it has dictionary columns, for which see the method with `dictionaries`; and
    /// whatever `decompress` throws.
    public static func decodeRecordBatch(
        header: RecordBatchHeader, body: ArrowBuffer, schema: ArrowSchema,
        validation: ArrowValidation = .full,
        uncompressedByteCountMax: Int = ArrowLimits.uncompressedByteCountMax
    ) throws(ArrowError) -> ArrowRecordBatch {
        guard schema.isFlat else {
            var none = ArrowDictionaries()
            return try decodeRecordBatch(
                header: header, body: body, schema: schema, dictionaries: &none,
                validation: validation, uncompressedByteCountMax: uncompressedByteCountMax)
        }
        let fields = schema.fields
        let layouts = schema.columns
        guard header.nodeCount == fields.count && header.bufferCount == schema.bufferCount else {
            throw wrongShape(header, schema)
        }
        guard header.bodyByteCount <= body.count else {
            throw ArrowError(
                .malformed,
                "a record batch claims a body of \(header.bodyByteCount) bytes, but has "
                    + "\(body.count); it is cut off")
        }
        if header.compression != nil {
            let plain = try decompress(
                header: header, body: body, byteCountMax: uncompressedByteCountMax)
            return try decodeRecordBatch(
                header: plain.header, body: plain.body, schema: schema, validation: validation)
        }
        var columns: [ArrowArray] = []
        columns.reserveCapacity(fields.count)
        var nextBuffer = 0
        for index in fields.indices {
            let node = header.node(index)
            guard node.length == header.rowCount else {
                throw ArrowArrayCheck.malformed(
                    fields[index].name,
                    "has a length of \(node.length) in a batch of \(header.rowCount) rows")
            }
            let column = layouts[index]
            let validity = try buffer(nextBuffer, header, body, fields, index)
            var offsets = ArrowBuffer.empty
            let values: ArrowBuffer
            if column.layout.bufferCount == 3 {
                offsets = try buffer(nextBuffer + 1, header, body, fields, index)
                values = try buffer(nextBuffer + 2, header, body, fields, index)
                nextBuffer += 3
            } else {
                values = try buffer(nextBuffer + 1, header, body, fields, index)
                nextBuffer += 2
            }
            let nullCount = try ArrowArrayCheck(
                column: column, length: header.rowCount, claimedNullCount: Int(node.nullCount),
                level: validation
            ).run(validity: validity, offsets: offsets, values: values, name: fields[index].name)
            columns.append(
                ArrowArray(
                    type: fields[index].type, column: column, length: header.rowCount,
                    nullCount: nullCount, owner: body.owner, validity: validity,
                    offsets: offsets, values: values))
        }
        return ArrowRecordBatch(checked: schema, rowCount: header.rowCount, columns: columns)
    }

    @inline(__always)
    private static func buffer(
        _ index: Int, _ header: RecordBatchHeader, _ body: ArrowBuffer, _ fields: [ArrowField],
        _ column: Int
    ) throws(ArrowError) -> ArrowBuffer {
        try buffer(index, header, body, name: fields[column].name)
    }

    /// Where a buffer lies in the body. `index` is below the header's count of buffers.
    @inline(__always)
    static func buffer(
        _ index: Int, _ header: RecordBatchHeader, _ body: ArrowBuffer,
        name: @autoclosure () -> String
    ) throws(ArrowError) -> ArrowBuffer {
        let (offset, byteCount) = header.buffer(index)
        if byteCount == 0 { return .empty }
        guard
            offset >= 0 && byteCount > 0 && offset <= body.count
                && byteCount <= body.count - Int(offset)
        else {
            throw ArrowArrayCheck.malformed(
                name(),
                "has a buffer of \(byteCount) bytes at \(offset) in a body of \(body.count) bytes")
        }
        return ArrowBuffer(owner: body.owner, base: body.base + Int(offset), count: Int(byteCount))
    }

    @inline(never)
    static func wrongShape(
        _ header: RecordBatchHeader, _ schema: ArrowSchema
    ) -> ArrowError {
        ArrowError(
            .malformed,
            "a record batch has \(header.nodeCount) columns and \(header.bufferCount) buffers, but "
                + "its schema \(schema) needs others")
    }
}
