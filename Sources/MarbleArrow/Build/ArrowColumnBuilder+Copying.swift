extension ArrowColumnBuilder {
    /// Appends a value, null or not, of an array of the same type.
    /// Traps if the types differ, or if there is no such row.
    public func append(from array: ArrowArray, row: Int) {
        precondition(array.type.matches(type), "\(array.type) appended to a column of \(type)")
        copy(array, row)
    }

    /// The types are known to be the same.
    private func copy(_ array: ArrowArray, _ row: Int) {
        if array.isNull(row) && layout.hasValidity || layout == .none { return appendNull() }
        switch layout {
        case .none: break
        case .bit: append(array.bool(at: row))
        case .variable32, .variable64, .view: array.withBytes(at: row) { append(bytes: $0) }
        case .fixedWidth: array.withBytes(at: row) { append(fixed: $0) }
        case .structure:
            appendStruct { fields in
                for (field, child) in zip(fields, array.children) {
                    field.copy(child, array.offset + row)
                }
            }
        case .sparseUnion, .denseUnion:
            let (child, position) = array.unionValue(row)
            appendUnion(typeID: array.load(Int8.self, row)) { $0.copy(child, position) }
        case .runEndEncoded:
            let (values, run) = (array.children[1], array.run(of: row))
            appendRun(of: values.value(at: run)) { $0.copy(values, run) }
        case .dictionary:
            guard let dictionary = array.dictionary else { wrongType("dictionary") }
            let index = array.dictionaryIndex(row)
            appendNumber(of: dictionary.value(at: index)) { $0.copy(dictionary, index) }
        default:
            let (items, range) = (array.children[0], array.itemRange(row))
            if case .map = type { return copyEntries(items, range) }
            appendList { builder in for item in range { builder.copy(items, item) } }
        }
    }

    private func copyEntries(_ entries: ArrowArray, _ range: Range<Int>) {
        appendMap { keys, values in
            for item in range {
                keys.copy(entries.children[0], entries.offset + item)
                values.copy(entries.children[1], entries.offset + item)
            }
        }
    }
}
