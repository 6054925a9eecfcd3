/// What the format demands of values, beyond what keeps reading inside of the memory. Rows can share
/// what they point to, so nothing here looks at it row by row.
extension ArrowArrayCheck {
    func contentFlaw(_ array: ArrowArray) -> String? {
        if column.isText { return ArrowViewedText(array).flaw }
        if case .map = array.type {
            let entries = array.children[0]
            guard entries.nullCount == 0 && entries.children[0].nullCount == 0 else {
                return "has entries or keys that are null"
            }
        }
        for (position, field) in array.type.children.enumerated()
        where !field.nullable && array.children[position].markedNullCount > 0 {
            if let row = firstNull(array, inChild: position) {
                return "has a null in \"\(field.name)\" in row \(row), which may hold none"
            }
        }
        return nil
    }

    /// The first row that isn't null itself, but has a null in a child.
    private func firstNull(_ array: ArrowArray, inChild position: Int) -> Int? {
        let child = array.children[position]
        func first(_ isFlawed: (Int) -> Bool) -> Int? {
            (0..<length).first { !array.isNullUnchecked($0) && isFlawed($0) }
        }
        switch array.layout {
        case .structure: return first { child.isNull($0) }
        case .runEndEncoded: return first { child.isNull(array.run(of: $0)) }
        case .sparseUnion, .denseUnion:
            let positions = array.parts.childPositions
            return first { row in
                Int(positions[Int(array.load(Int8.self, row))]) == position
                    && child.isNull(array.unionValue(row).row)
            }
        default:
            // How many nulls there are among the items before each.
            var before: [Int32] = [0]
            before.reserveCapacity(child.length + 1)
            for item in 0..<child.length {
                before.append(before[item] + (child.isNull(item) ? 1 : 0))
            }
            return first { row in
                let items = array.itemRange(row)
                return before[items.upperBound] > before[items.lowerBound]
            }
        }
    }
}
