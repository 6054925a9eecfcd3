extension ArrowArray: Equatable {
    /// Whether both have the same type and the same values, nulls included. How the values lie in
    /// memory doesn't matter, nor what lies behind a null, nor how runs are divided or values
    /// numbered. Floats are compared bit by bit.
    public static func == (left: ArrowArray, right: ArrowArray) -> Bool {
        guard left.type == right.type, left.length == right.length,
            left.nullCount == right.nullCount
        else { return false }
        return left.hasSameValues(0..<left.length, as: right, from: 0)
    }

    /// Whether neighbouring rows have the values of as many rows of another array of the same type.
    func hasSameValues(_ rows: Range<Int>, as other: ArrowArray, from start: Int) -> Bool {
        for (distance, row) in rows.enumerated() {
            let otherRow = start + distance
            let isNull = isNullUnchecked(row)
            guard isNull == other.isNullUnchecked(otherRow) else { return false }
            if !isNull && !hasSameValue(row, as: other, otherRow) { return false }
        }
        return true
    }

    private func hasSameValue(_ row: Int, as other: ArrowArray, _ otherRow: Int) -> Bool {
        switch layout {
        case .none: return true
        case .bit: return bool(at: row) == other.bool(at: otherRow)
        case .fixedWidth, .variable32, .variable64, .view:
            return withBytes(at: row) { mine in
                other.withBytes(at: otherRow) { theirs in mine.elementsEqual(theirs) }
            }
        case .list32, .list64, .listView32, .listView64, .fixedSizeList:
            let (mine, theirs) = (itemRange(row), other.itemRange(otherRow))
            return mine.count == theirs.count
                && parts.children[0].hasSameValues(
                    mine, as: other.parts.children[0], from: theirs.lowerBound)
        case .structure:
            return zip(parts.children, other.parts.children).allSatisfy { mine, theirs in
                mine.hasSameValues(
                    offset + row..<offset + row + 1, as: theirs, from: other.offset + otherRow)
            }
        case .sparseUnion, .denseUnion:
            let (mine, position) = unionValue(row)
            let (theirs, otherPosition) = other.unionValue(otherRow)
            return load(Int8.self, row) == other.load(Int8.self, otherRow)
                && mine.hasSameValues(
                    position..<position + 1, as: theirs, from: otherPosition)
        case .runEndEncoded:
            let run = run(of: row)
            return parts.children[1].hasSameValues(
                run..<run + 1, as: other.parts.children[1], from: other.run(of: otherRow))
        case .dictionary:
            guard let mine = parts.dictionary, let theirs = other.parts.dictionary else {
                return false
            }
            let index = dictionaryIndex(row)
            return mine.hasSameValues(
                index..<index + 1, as: theirs, from: other.dictionaryIndex(otherRow))
        }
    }
}
