/// Collects what a record batch consists of: the lengths of its columns, nested ones depth first,
/// and their buffers, narrowed to the rows that the batch has.
struct RecordBatchCollector {
    private(set) var nodes: [(length: Int, nullCount: Int)] = []
    private(set) var buffers: [ArrowBuffer] = []
    /// How many buffers each view column points to.
    private(set) var variadicCounts: [Int] = []

    mutating func append(_ array: ArrowArray) {
        let hasValidity = array.layout.hasValidity
        let nullCount = hasValidity || array.layout == .none ? array.nullCount : 0
        nodes.append((array.length, nullCount))
        if hasValidity { buffers.append(array.compactValidity()) }
        switch array.layout {
        case .none: break
        case .bit, .fixedWidth, .variable32, .variable64:
            let (offsets, values) = array.compactBuffers()
            if let offsets { buffers.append(offsets) }
            buffers.append(values)
        case .dictionary(let index):
            let width = index.integerByteCount
            buffers.append(
                array.values.slice(offset: array.offset * width, count: array.length * width))
        case .view: appendViews(array)
        case .list32: appendList(array, Int32.self)
        case .list64: appendList(array, Int64.self)
        case .listView32: appendListView(array, Int32.self)
        case .listView64: appendListView(array, Int64.self)
        case .fixedSizeList(let size):
            append(
                array.children[0].slice(offset: array.offset * size, length: array.length * size))
        case .structure: appendChildren(array)
        case .sparseUnion:
            buffers.append(array.values.slice(offset: array.offset, count: array.length))
            appendChildren(array)
        case .denseUnion: appendDenseUnion(array)
        case .runEndEncoded: appendRuns(array)
        }
    }

    private mutating func appendChildren(_ array: ArrowArray) {
        for child in array.children {
            append(child.slice(offset: array.offset, length: array.length))
        }
    }

    /// Buffers are written whole, unless most of what they have is not of these rows.
    private mutating func appendViews(_ array: ArrowArray) {
        var array = array
        if array.viewedByteCount < array.parts.dataByteCount / 2 {
            array = (try? array.take(rows: 0..<array.length)) ?? array
        }
        buffers.append(
            array.values.slice(
                offset: array.offset * ArrowView.byteCount,
                count: array.length * ArrowView.byteCount))
        buffers.append(contentsOf: array.viewedBuffers)
        variadicCounts.append(array.viewedBuffers.count)
    }

    private mutating func appendList<Offset: FixedWidthInteger & BitwiseCopyable>(
        _ array: ArrowArray, _ type: Offset.Type
    ) {
        let width = MemoryLayout<Offset>.size
        let items = array.children[0]
        guard array.length > 0 else {
            buffers.append(.padding(width))
            return append(items.slice(offset: 0, length: 0))
        }
        let start = array.listOffset(type, array.offset)
        let end = array.listOffset(type, array.offset + array.length)
        let view = array.offsets.slice(
            offset: array.offset * width, count: (array.length + 1) * width)
        buffers.append(
            start == 0
                ? view
                : rebased(array.length + 1) { Offset(view.load(type, at: $0)) &- Offset(start) })
        append(items.slice(offset: start, length: end - start))
    }

    private mutating func appendListView<Offset: FixedWidthInteger & BitwiseCopyable>(
        _ array: ArrowArray, _ type: Offset.Type
    ) {
        let width = MemoryLayout<Offset>.size
        let items = array.children[0]
        var (start, end) = (items.length, 0)
        for row in 0..<array.length where !array.isNullUnchecked(row) {
            let range = array.itemRange(row)
            if range.isEmpty { continue }
            start = min(start, range.lowerBound)
            end = max(end, range.upperBound)
        }
        if end == 0 { start = 0 }
        let offsets = array.offsets.slice(
            offset: array.offset * width, count: array.length * width)
        let sizes = array.values.slice(offset: array.offset * width, count: array.length * width)
        // Rows without items may point anywhere, also in front of what is written.
        let isPlain = start == 0 && end == items.length && array.nullCount == 0
        func hasItems(_ row: Int) -> Bool {
            !array.isNullUnchecked(row) && sizes.load(type, at: row) != 0
        }
        buffers.append(
            isPlain
                ? offsets
                : rebased(array.length) { row in
                    hasItems(row) ? offsets.load(type, at: row) &- Offset(start) : 0
                })
        buffers.append(
            isPlain
                ? sizes
                : rebased(array.length) { hasItems($0) ? sizes.load(type, at: $0) : 0 })
        append(items.slice(offset: start, length: end - start))
    }

    private mutating func appendDenseUnion(_ array: ArrowArray) {
        buffers.append(array.values.slice(offset: array.offset, count: array.length))
        let positions = array.parts.childPositions
        // A child's values are in order: the first and the last one that are used.
        var starts = [Int](repeating: 0, count: array.children.count)
        var ends = [Int](repeating: 0, count: array.children.count)
        for row in 0..<array.length {
            let child = Int(positions[Int(array.load(Int8.self, row))])
            let offset = array.listOffset(Int32.self, array.offset + row)
            if ends[child] == 0 { starts[child] = offset }
            ends[child] = offset + 1
        }
        buffers.append(
            starts.allSatisfy { $0 == 0 }
                ? array.offsets.slice(offset: array.offset * 4, count: array.length * 4)
                : rebased(array.length) { row in
                    let child = Int(positions[Int(array.load(Int8.self, row))])
                    let offset = array.listOffset(Int32.self, array.offset + row)
                    return Int32(truncatingIfNeeded: offset - starts[child])
                })
        for (position, child) in array.children.enumerated() {
            append(
                child.slice(
                    offset: starts[position], length: max(0, ends[position] - starts[position])))
        }
    }

    private mutating func appendRuns(_ array: ArrowArray) {
        let (ends, values) = (array.children[0], array.children[1])
        guard array.length > 0 else {
            append(ends.slice(offset: 0, length: 0))
            return append(values.slice(offset: 0, length: 0))
        }
        let first = array.run(of: 0)
        let count = array.run(of: array.length - 1) + 1 - first
        if array.offset == 0 {
            append(ends.slice(offset: 0, length: count))
        } else {
            let builder = ArrowColumnBuilder(ends.type, expectedCount: count)
            for run in first..<first + count {
                builder.append(
                    min(ends.int64(at: run) - Int64(array.offset), Int64(array.length)))
            }
            append(builder.finish())
        }
        append(values.slice(offset: first, length: count))
    }

    private func rebased<Number: FixedWidthInteger>(
        _ count: Int, _ number: (Int) -> Number
    ) -> ArrowBuffer {
        let memory = ArrowMemory(capacity: count * MemoryLayout<Number>.size)
        for index in 0..<count { memory.append(number(index)) }
        return memory.buffer()
    }
}
