/// Reading values that consist of others, or stand for them. Each method traps if there is no such
/// row, or if the column is of another type.
extension ArrowArray {
    /// The items of a list, or the entries of a map, sharing the memory. A null row's mean nothing.
    public func list(at row: Int) -> ArrowArray {
        checkRow(row)
        let range = itemRange(row)
        return parts.children[0].slice(offset: range.lowerBound, length: range.count)
    }

    /// The values of a struct's or a sparse union's first field with the name, narrowed to this
    /// array's rows; nil if there is none. Rows in which the struct is null mean nothing.
    public func field(_ name: String) -> ArrowArray? {
        guard layout == .structure || layout == .sparseUnion,
            let position = type.children.firstIndex(where: { $0.name == name })
        else { return nil }
        return parts.children[position].slice(offset: offset, length: length)
    }

    /// Which of its `dictionary`'s values a dictionary column has in a row. A null row's number means
    /// nothing.
    public func dictionaryNumber(at row: Int) -> Int {
        checkRow(row)
        return dictionaryIndex(row)
    }
}

/// Where the values of nested types lie. Rows are those of the array, slices included; positions in
/// children are those of the children as they are.
extension ArrowArray {
    /// Which of a child's values a list or map in a row consists of.
    func itemRange(_ row: Int) -> Range<Int> {
        let index = offset + row
        let start: Int
        let end: Int
        switch layout {
        case .list32:
            (start, end) = (listOffset(Int32.self, index), listOffset(Int32.self, index + 1))
        case .list64:
            (start, end) = (listOffset(Int64.self, index), listOffset(Int64.self, index + 1))
        case .listView32:
            start = listOffset(Int32.self, index)
            end = start + Int(load(Int32.self, row))
        case .listView64:
            start = listOffset(Int64.self, index)
            end = start &+ Int(load(Int64.self, row))
        case .fixedSizeList(let size): (start, end) = (index * size, (index + 1) * size)
        default: wrongType("list")
        }
        precondition(
            start >= 0 && start <= end && end <= parts.children[0].length,
            "items \(start) ..< \(end) of \(parts.children[0].length)")
        return start..<end
    }

    /// The `index`-th offset, counted from the beginning of the buffer.
    @inline(__always)
    func listOffset<Offset: FixedWidthInteger & BitwiseCopyable>(
        _ type: Offset.Type, _ index: Int
    ) -> Int {
        defer { withExtendedLifetime(owner) {} }
        return Int(
            Offset(
                littleEndian: offsetsBase.loadUnaligned(
                    fromByteOffset: index * MemoryLayout<Offset>.size, as: type)))
    }

    /// The child that a union's value in a row is of, and its position there.
    func unionValue(_ row: Int) -> (child: ArrowArray, row: Int) {
        let parts = parts
        let position = Int(parts.childPositions[Int(load(Int8.self, row))])
        let childRow =
            layout == .denseUnion ? listOffset(Int32.self, offset + row) : offset + row
        return (parts.children[position], childRow)
    }

    /// The number of the run that a row lies in.
    func run(of row: Int) -> Int {
        let ends = parts.children[0]
        let logical = Int64(offset + row)
        var low = 0
        var high = ends.length
        while low < high {
            let middle = low + (high - low) / 2
            if ends.int64(at: middle) <= logical { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Calls `body` with each run that has some of the rows, and with those rows.
    func forEachRun<Failure: Error>(
        _ rows: Range<Int>, _ body: (Int, Range<Int>) throws(Failure) -> Void
    ) throws(Failure) {
        if rows.isEmpty { return }
        let ends = parts.children[0]
        var run = run(of: rows.lowerBound)
        var row = rows.lowerBound
        while row < rows.upperBound {
            let end = min(Int(ends.int64(at: run)) - offset, rows.upperBound)
            try body(run, row..<end)
            row = end
            run += 1
        }
    }

    /// The number that a dictionary column has in a row. Negative or too large if it is null.
    func dictionaryIndex(_ row: Int) -> Int {
        guard case .dictionary(let index) = layout else { wrongType("dictionary") }
        switch index {
        case .int8: return Int(load(Int8.self, row))
        case .int16: return Int(load(Int16.self, row))
        case .int32: return Int(load(Int32.self, row))
        case .uint8: return Int(load(UInt8.self, row))
        case .uint16: return Int(load(UInt16.self, row))
        case .uint32: return Int(load(UInt32.self, row))
        default: return Int(load(Int64.self, row))
        }
    }

    /// Where a view points: the bytes themselves if they are at most 12, else where they lie.
    /// Traps if it points outside of its buffers, which only a null's view may.
    func viewedBytes(_ row: Int) -> UnsafeRawBufferPointer {
        let view = ArrowView(valuesBase + (offset + row) * ArrowView.byteCount)
        if view.count <= ArrowView.inlineCountMax {
            precondition(view.count >= 0, "a view of \(view.count) bytes")
            return UnsafeRawBufferPointer(
                start: valuesBase + (offset + row) * ArrowView.byteCount + 4, count: view.count)
        }
        let data = parts.data
        precondition(view.lies(in: data), "a view points outside of its buffers")
        return UnsafeRawBufferPointer(
            start: data[view.buffer].base + view.offset, count: view.count)
    }
}

/// A view as it lies in memory (Arrow columnar format, "Variable-size Binary View Layout"): the
/// count of bytes, then up to 12 bytes; or the first four bytes, a buffer's number and an offset.
struct ArrowView {
    static let byteCount = 16
    static let inlineCountMax = 12

    let count: Int
    let prefix: UInt32
    let buffer: Int
    let offset: Int

    @inline(__always)
    init(_ base: UnsafeRawPointer) {
        count = Int(Int32(littleEndian: base.loadUnaligned(as: Int32.self)))
        prefix = base.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        buffer = Int(Int32(littleEndian: base.loadUnaligned(fromByteOffset: 8, as: Int32.self)))
        offset = Int(Int32(littleEndian: base.loadUnaligned(fromByteOffset: 12, as: Int32.self)))
    }

    /// Whether what a view of more than 12 bytes points to is there.
    @inline(__always)
    func lies(in data: [ArrowBuffer]) -> Bool {
        buffer >= 0 && buffer < data.count && offset >= 0 && offset <= data[buffer].count
            && count <= data[buffer].count - offset
    }
}
