extension ArrowRecordBatch {
    /// The batch with every dictionary column, nested ones too, replaced by the values that its
    /// numbers stand for. Other columns share the memory.
    ///
    /// Throws `limitExceeded` if the values would take more than `byteCountMax` bytes: a few numbers
    /// can stand for long values many times.
    public func decodingDictionaries(
        byteCountMax: Int = Int.max
    ) throws(ArrowError) -> ArrowRecordBatch {
        guard schema.hasDictionaries else { return self }
        let plain = schema.withoutDictionaries
        var budget = byteCountMax
        var decoded: [ArrowArray] = []
        for (field, column) in zip(plain.fields, columns) {
            let array = try column.decodingDictionaries(&budget, name: field.name)
            guard field.nullable || array.markedNullCount == 0 else {
                throw ArrowError(
                    .malformed,
                    "column \"\(field.name)\" may not hold nulls, but its dictionary does")
            }
            decoded.append(array)
        }
        return ArrowRecordBatch(checked: plain, rowCount: rowCount, columns: decoded)
    }
}

extension ArrowArray {
    /// Takes what the values need off the budget before they are copied.
    fileprivate func decodingDictionaries(
        _ budget: inout Int, name: String
    ) throws(ArrowError) -> ArrowArray {
        if case .dictionary = layout { return try valuesOfNumbers(&budget, name: name) }
        let plain = type.withoutDictionaries
        guard layout.hasParts, plain != type else { return self }
        var decoded: [ArrowArray] = []
        for child in children {
            decoded.append(try child.decodingDictionaries(&budget, name: name))
        }
        let array = ArrowArray(
            type: plain, column: ArrowSchema.Column(plain, nullable: true), length: length,
            nullCount: nullCount, offset: offset,
            owner: ArrowArrayParts(type: plain, owner: owner, children: decoded),
            validity: validity ?? .empty, offsets: offsets, values: values)
        return layout.hasValidity ? array : array.countingNullsInside()
    }

    private func valuesOfNumbers(
        _ budget: inout Int, name: String
    ) throws(ArrowError) -> ArrowArray {
        guard let dictionary = try dictionary?.decodingDictionaries(&budget, name: name) else {
            return self
        }
        // What nulls among the numbers stand for.
        let null = ArrowColumnBuilder(dictionary.type)
        null.appendNull()
        var runs = ArrowRunList()
        for row in 0..<length {
            if isNull(row) {
                runs.append(source: 1, 0..<1)
                continue
            }
            let number = dictionaryIndex(row)
            budget -= dictionary.byteCount(in: number..<number + 1)
            guard budget >= 0 else {
                throw ArrowError(
                    .limitExceeded,
                    "column \"\(name)\" stands for more bytes of values than the limit allows; "
                        + "send fewer rows at a time")
            }
            runs.append(source: 0, number..<number + 1)
        }
        return try ArrowGatherKernel(
            type: dictionary.type, sources: [dictionary, null.finish()], runs: runs.runs,
            rowCount: runs.rowCount
        ).run(name: name)
    }
}
