extension ArrowArray {
    /// How many bytes the values, offsets and the validity bitmap take in the format, those of
    /// children and of a dictionary included.
    public var byteCount: Int {
        let bitmap =
            nullCount == 0 || !layout.hasValidity ? 0 : ArrowBitmap.byteCount(bits: length)
        switch layout {
        case .bit: return bitmap + ArrowBitmap.byteCount(bits: length)
        case .variable32, .list32: return bitmap + 4 + valueByteCount(in: 0..<length)
        case .variable64, .list64: return bitmap + 8 + valueByteCount(in: 0..<length)
        case .dictionary:
            return bitmap + valueByteCount(in: 0..<length) + (parts.dictionary?.byteCount ?? 0)
        default: return bitmap + valueByteCount(in: 0..<length)
        }
    }

    /// About how many bytes neighbouring rows take: a bit of a value counts as a byte. Values that
    /// lie scattered are looked at for a few rows only, else taken to be as large as all are on
    /// average: rows can share them, and then looking at each would take forever.
    func byteCount(in rows: Range<Int>) -> Int {
        let bitmap = nullCount > 0 && layout.hasValidity ? rows.count / 8 + 1 : 0
        return bitmap + valueByteCount(in: rows)
    }

    /// As `byteCount(in:)`, without the array's own validity bitmap.
    private func valueByteCount(in rows: Range<Int>) -> Int {
        if rows.isEmpty { return 0 }
        switch layout {
        case .none: return 0
        case .bit: return rows.count
        case .fixedWidth(let width): return rows.count * width
        case .dictionary(let index): return rows.count * index.integerByteCount
        case .variable32: return rows.count * 4 + variableByteCount(rows)
        case .variable64: return rows.count * 8 + variableByteCount(rows)
        case .list32: return rows.count * 4 + itemByteCount(rows)
        case .list64: return rows.count * 8 + itemByteCount(rows)
        case .fixedSizeList: return itemByteCount(rows)
        case .structure: return fieldByteCount(rows)
        case .sparseUnion: return rows.count + fieldByteCount(rows)
        case .runEndEncoded:
            let runs = run(of: rows.lowerBound)..<run(of: rows.upperBound - 1) + 1
            return parts.children.reduce(0) { $0 + $1.byteCount(in: runs) }
        case .view: return rows.count * ArrowView.byteCount + scatteredByteCount(rows)
        case .listView32: return rows.count * 8 + scatteredByteCount(rows)
        case .listView64: return rows.count * 16 + scatteredByteCount(rows)
        case .denseUnion: return rows.count * 5 + scatteredByteCount(rows)
        }
    }

    /// How many bytes the values of neighbouring rows have, in a column of variable length.
    private func variableByteCount(_ rows: Range<Int>) -> Int {
        byteRange(rows.upperBound - 1).upperBound - byteRange(rows.lowerBound).lowerBound
    }

    private func itemByteCount(_ rows: Range<Int>) -> Int {
        let start = itemRange(rows.lowerBound).lowerBound
        return parts.children[0].byteCount(in: start..<itemRange(rows.upperBound - 1).upperBound)
    }

    private func fieldByteCount(_ rows: Range<Int>) -> Int {
        let positions = rows.lowerBound + offset..<rows.upperBound + offset
        return parts.children.reduce(0) { $0 + $1.byteCount(in: positions) }
    }

    /// What rows point to with views, list views or a dense union's offsets.
    private func scatteredByteCount(_ rows: Range<Int>) -> Int {
        if rows.count <= Self.scatteredRowCountMax {
            return rows.reduce(0) { $0 + pointedByteCount($1) }
        }
        let parts = parts
        let all =
            parts.dataByteCount
            + parts.children.reduce(0) { $0 + $1.byteCount(in: 0..<$1.length) }
        return rows.count == length
            ? all : Int(Double(all) * Double(rows.count) / Double(max(length, 1)))
    }

    /// So many rows are looked at one by one.
    private static let scatteredRowCountMax = 4

    private func pointedByteCount(_ row: Int) -> Int {
        switch layout {
        case .view:
            if isNullUnchecked(row) { return 0 }
            let count = viewedBytes(row).count
            return count > ArrowView.inlineCountMax ? count : 0
        case .denseUnion:
            let (child, position) = unionValue(row)
            return child.byteCount(in: position..<position + 1)
        default:
            return isNullUnchecked(row) ? 0 : parts.children[0].byteCount(in: itemRange(row))
        }
    }

    /// How many bytes the views of all rows point to together, those that they share more than once.
    var viewedByteCount: Int {
        (0..<length).reduce(0) { $0 + pointedByteCount($1) }
    }
}
