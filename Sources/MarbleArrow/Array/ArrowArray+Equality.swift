extension ArrowArray: Equatable {
    /// Whether both have the same type and the same values, nulls included. How the values lie in
    /// memory doesn't matter, nor what lies behind a null. Floats are compared bit by bit.
    public static func == (left: ArrowArray, right: ArrowArray) -> Bool {
        guard left.type == right.type, left.length == right.length,
            left.nullCount == right.nullCount
        else { return false }
        for row in 0..<left.length {
            let isNull = left.isNullUnchecked(row)
            guard isNull == right.isNullUnchecked(row) else { return false }
            if !isNull && !left.hasSameValue(row, as: right) { return false }
        }
        return true
    }

    private func hasSameValue(_ row: Int, as other: ArrowArray) -> Bool {
        if case .bit = layout { return bool(at: row) == other.bool(at: row) }
        return withBytes(at: row) { mine in
            other.withBytes(at: row) { theirs in mine.elementsEqual(theirs) }
        }
    }
}
