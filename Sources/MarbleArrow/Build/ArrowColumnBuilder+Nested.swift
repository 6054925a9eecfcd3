/// Values that consist of others. Each method traps if the column is of another type, or if too
/// much or too little is appended to the builders that it passes on.
extension ArrowColumnBuilder {
    /// Appends a list, of the items that `body` appends to the builder of items.
    public func appendList<Failure: Error>(
        _ body: (_ items: ArrowColumnBuilder) throws(Failure) -> Void
    ) throws(Failure) {
        switch layout {
        case .list32, .list64, .listView32, .listView64, .fixedSizeList: break
        default: wrongType("list")
        }
        let start = children[0].count
        try body(children[0])
        close(from: start)
    }

    /// Appends a map, of the entries whose keys and values `body` appends.
    public func appendMap<Failure: Error>(
        _ body: (
            _ keys: ArrowColumnBuilder, _ values: ArrowColumnBuilder
        ) throws(Failure) -> Void
    ) throws(Failure) {
        guard case .map = type else { wrongType("map") }
        let entries = children[0]
        let start = entries.count
        let (keys, values) = (entries.children[0], entries.children[1])
        try body(keys, values)
        precondition(keys.count == values.count, "\(keys.count) keys, \(values.count) values")
        while entries.count < keys.count { entries.didAppend { _, _ in } }
        close(from: start)
    }

    /// Appends a struct. `body` appends a value to the builder of each field.
    public func appendStruct<Failure: Error>(
        _ body: (_ fields: [ArrowColumnBuilder]) throws(Failure) -> Void
    ) throws(Failure) {
        guard layout == .structure else { wrongType("struct") }
        try body(children)
        for (field, child) in zip(type.children, children) {
            precondition(
                child.count == count + 1,
                "field \(field.name) has \(child.count) values in struct \(count)")
        }
        didAppend { _, _ in }
    }

    /// Appends a union's value, which `body` appends to the builder of the field with this number.
    public func appendUnion<Failure: Error>(
        typeID: Int8, _ body: (_ field: ArrowColumnBuilder) throws(Failure) -> Void
    ) throws(Failure) {
        guard case .union(let union) = type, let position = union.position(ofTypeID: typeID) else {
            wrongType("union with the number \(typeID)")
        }
        let child = children[position]
        let start = child.count
        try body(child)
        precondition(child.count == start + 1, "\(child.count - start) values for one of a union")
        didAppend { offsets, values in
            values.append(typeID)
            if union.mode == .dense { offsets.append(Int32(start)) }
        }
        guard union.mode == .sparse else { return }
        for other in children where other !== child { other.appendNull() }
    }

    /// Ends a list that has the items from `start` on.
    private func close(from start: Int) {
        let end = children[0].count
        didAppend { offsets, values in
            switch layout {
            case .list32: offsets.append(Int32(end))
            case .list64: offsets.append(Int64(end))
            case .listView32:
                offsets.append(Int32(start))
                values.append(Int32(end - start))
            case .listView64:
                offsets.append(Int64(start))
                values.append(Int64(end - start))
            case .fixedSizeList(let size):
                precondition(end - start == size, "\(end - start) items in a list of \(size)")
            default: break
            }
        }
    }

    /// Writes what a null of a nested type has in place of a value.
    func closeWithoutItems() {
        switch layout {
        case .list32: offsets.append(Int32(children[0].count))
        case .list64: offsets.append(Int64(children[0].count))
        case .listView32:
            offsets.append(Int32(children[0].count))
            values.append(Int32(0))
        case .listView64:
            offsets.append(Int64(children[0].count))
            values.append(Int64(0))
        case .fixedSizeList(let size): for _ in 0..<size { children[0].appendNull() }
        case .structure: for child in children { child.appendNull() }
        default: break
        }
    }

    /// Appends a null to a type that has no bitmap for it.
    func appendNullInside() {
        if layout == .runEndEncoded { return appendRun(of: .null) { $0.appendNull() } }
        guard case .union(let union) = type, let typeID = union.typeIDs.first else {
            wrongType("null")
        }
        appendUnion(typeID: typeID) { $0.appendNull() }
    }
}
