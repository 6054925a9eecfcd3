/// Types with parts: their own buffers are copied here, and kernels of their children do the rest.
extension ArrowGatherKernel {
    func nested(name: String) throws(ArrowError) -> ArrowArray {
        let (validity, nullCount) =
            type.layout.hasValidity ? validity() : (buffer: .empty, nullCount: 0)
        var parts = ArrowNestedParts(validity: validity)
        switch type.layout {
        case .none: return .nulls(rowCount)
        case .view: try gatherViews(&parts)
        case .list32: try gatherLists(Int32.self, &parts, name)
        case .list64: try gatherLists(Int64.self, &parts, name)
        case .listView32: try gatherListViews(Int32.self, &parts, name)
        case .listView64: try gatherListViews(Int64.self, &parts, name)
        case .fixedSizeList(let size):
            let items = try shiftedRuns(name, times: size)
            parts.children = [try child(0, items, rowCount * size, name)]
        case .structure: try gatherFields(&parts, name)
        case .sparseUnion:
            parts.values = fixed(1)
            try gatherFields(&parts, name)
        case .denseUnion: try gatherDenseUnion(&parts, name)
        case .runEndEncoded: try gatherRuns(&parts, name)
        case .dictionary(let index): try gatherDictionary(index, &parts, name)
        default: break
        }
        return ArrowArray(
            type: type, length: rowCount, nullCount: nullCount, validity: parts.validity,
            offsets: parts.offsets, values: parts.values, children: parts.children,
            dictionary: parts.dictionary, data: parts.data)
    }

    /// Rows of the sources' children.
    private func child(
        _ position: Int, _ runs: [ArrowGather.Run], _ count: Int, _ name: String
    ) throws(ArrowError) -> ArrowArray {
        guard count <= ArrowLimits.rowCountMax else { throw Self.tooLarge(name, count) }
        let field = type.children[position]
        return try ArrowGatherKernel(
            type: field.type, sources: sources.map { $0.children[position] }, runs: runs,
            rowCount: count
        ).run(name: "\(name).\(field.name)")
    }

    private static func tooLarge(_ name: String, _ count: Int) -> ArrowError {
        ArrowError(
            .limitExceeded,
            "column \"\(name)\" would hold \(count) values, more than can be addressed; "
                + "gather fewer rows")
    }

    /// The runs as positions in children, each row standing for `times` values.
    private func shiftedRuns(
        _ name: String, times: Int = 1
    ) throws(ArrowError) -> [ArrowGather.Run] {
        if times == 0 { return [] }
        guard rowCount <= ArrowLimits.rowCountMax / times else {
            throw Self.tooLarge(name, rowCount.multipliedReportingOverflow(by: times).partialValue)
        }
        return runs.map { run in
            let start = (Int(run.start) + columns[Int(run.source)].offset) * times
            return ArrowGather.Run(
                source: run.source, start: Int32(start), count: run.count * Int32(times))
        }
    }

    private func gatherFields(
        _ parts: inout ArrowNestedParts, _ name: String
    ) throws(ArrowError) {
        let shifted = try shiftedRuns(name)
        for position in type.children.indices {
            parts.children.append(try child(position, shifted, rowCount, name))
        }
    }

    private func gatherLists<Offset: FixedWidthInteger & BitwiseCopyable>(
        _ type: Offset.Type, _ parts: inout ArrowNestedParts, _ name: String
    ) throws(ArrowError) {
        let offsets = ArrowMemory(capacity: (rowCount + 1) * MemoryLayout<Offset>.size)
        offsets.append(Offset(0))
        var items = ArrowRunList()
        for run in runs {
            let column = columns[Int(run.source)]
            let firstRow = Int(run.start)
            let endRow = firstRow + Int(run.count)
            let start = column.offset(type, firstRow)
            let shift = items.rowCount - start
            items.append(source: run.source, start..<column.offset(type, endRow))
            guard items.rowCount <= ArrowLimits.rowCountMax else {
                throw Self.tooLarge(name, items.rowCount)
            }
            for row in firstRow + 1...endRow {
                offsets.append(Offset(truncatingIfNeeded: column.offset(type, row) + shift))
            }
        }
        parts.offsets = offsets.buffer()
        parts.children = [try child(0, items.runs, items.rowCount, name)]
    }

    /// Lists that share items may be more together than there is: then all items are taken once.
    private func gatherListViews<Offset: FixedWidthInteger & BitwiseCopyable>(
        _ type: Offset.Type, _ parts: inout ArrowNestedParts, _ name: String
    ) throws(ArrowError) {
        var wanted = 0
        forEachRow { source, row in
            if !source.isNull(row) { wanted += source.itemRange(row).count }
        }
        let used = Set(runs.map(\.source)).sorted()
        let present = used.reduce(0) { $0 + sources[Int($1)].children[0].length }
        var items = ArrowRunList()
        var bases: [Int32: Int] = [:]
        if wanted > present {
            for source in used {
                bases[source] = items.rowCount
                items.append(source: source, 0..<sources[Int(source)].children[0].length)
            }
        }
        let offsets = ArrowMemory(capacity: rowCount * MemoryLayout<Offset>.size)
        let sizes = ArrowMemory(capacity: rowCount * MemoryLayout<Offset>.size)
        for run in runs {
            let source = sources[Int(run.source)]
            for row in Int(run.start)..<Int(run.start) + Int(run.count) {
                let range = source.isNull(row) ? 0..<0 : source.itemRange(row)
                let base = bases[run.source].map { $0 + range.lowerBound } ?? items.rowCount
                offsets.append(Offset(truncatingIfNeeded: range.isEmpty ? 0 : base))
                sizes.append(Offset(truncatingIfNeeded: range.count))
                if bases.isEmpty { items.append(source: run.source, range) }
            }
        }
        (parts.offsets, parts.values) = (offsets.buffer(), sizes.buffer())
        parts.children = [try child(0, items.runs, items.rowCount, name)]
    }

    /// Values that a dense union's rows share stay shared.
    private func gatherDenseUnion(
        _ parts: inout ArrowNestedParts, _ name: String
    ) throws(ArrowError) {
        var items = [ArrowRunList](repeating: ArrowRunList(), count: type.children.count)
        var last = [(source: Int32, row: Int)](
            repeating: (-1, -1), count: type.children.count)
        let offsets = ArrowMemory(capacity: rowCount * 4)
        for run in runs {
            let source = sources[Int(run.source)]
            let positions = source.parts.childPositions
            for row in Int(run.start)..<Int(run.start) + Int(run.count) {
                let child = Int(positions[Int(source.load(Int8.self, row))])
                let position = source.listOffset(Int32.self, source.offset + row)
                if last[child] != (run.source, position) {
                    last[child] = (run.source, position)
                    items[child].append(source: run.source, position..<position + 1)
                }
                offsets.append(Int32(truncatingIfNeeded: items[child].rowCount - 1))
            }
        }
        (parts.values, parts.offsets) = (fixed(1), offsets.buffer())
        for (position, list) in items.enumerated() {
            parts.children.append(try child(position, list.runs, list.rowCount, name))
        }
    }

    private func gatherRuns(
        _ parts: inout ArrowNestedParts, _ name: String
    ) throws(ArrowError) {
        let ends = ArrowColumnBuilder(type.children[0].type)
        let limit = type.children[0].type == .int16 ? Int(Int16.max) : ArrowLimits.rowCountMax
        guard rowCount <= limit else { throw Self.tooLarge(name, rowCount) }
        var items = ArrowRunList()
        var last: (source: Int32, run: Int) = (-1, -1)
        var end = 0
        for rows in runs {
            let source = sources[Int(rows.source)]
            let range = Int(rows.start)..<Int(rows.start) + Int(rows.count)
            source.forEachRun(range) { run, covered in
                if last != (rows.source, run) {
                    if end > 0 { ends.append(end) }
                    last = (rows.source, run)
                    items.append(source: rows.source, run..<run + 1)
                }
                end += covered.count
            }
        }
        if end > 0 { ends.append(end) }
        parts.children = [ends.finish(), try child(1, items.runs, items.rowCount, name)]
    }

    private func forEachRow(_ body: (ArrowArray, Int) -> Void) {
        for run in runs {
            let source = sources[Int(run.source)]
            for row in Int(run.start)..<Int(run.start) + Int(run.count) { body(source, row) }
        }
    }
}

extension ArrowGatherKernel {
    /// Copies what views point to; unless they share so much that it would be more than there is,
    /// in which case the sources' buffers are kept.
    private func gatherViews(_ parts: inout ArrowNestedParts) throws(ArrowError) {
        let used = Set(runs.map(\.source)).sorted()
        var wanted = 0
        forEachRow { source, row in
            if source.isNull(row) { return }
            let count = source.viewedBytes(row).count
            if count > ArrowView.inlineCountMax { wanted += count }
        }
        let present = used.reduce(0) { $0 + sources[Int($1)].parts.dataByteCount }
        var bases: [Int32: Int] = [:]
        if wanted > present {
            for source in used {
                bases[source] = parts.data.count
                parts.data += sources[Int(source)].viewedBuffers
            }
        }
        var writer = ArrowViewWriter(expectedCount: rowCount)
        for run in runs {
            let source = sources[Int(run.source)]
            for row in Int(run.start)..<Int(run.start) + Int(run.count) {
                if source.isNull(row) {
                    writer.append(.init(start: nil, count: 0))
                } else if let base = bases[run.source] {
                    writer.append(
                        copying: source.valuesBase + (source.offset + row) * ArrowView.byteCount,
                        buffersAdded: base)
                } else {
                    writer.append(source.viewedBytes(row))
                }
            }
        }
        let (views, data) = writer.finish()
        parts.values = views
        parts.data += data
    }

    /// One dictionary for all: the sources' own if they have the same, else theirs one after the
    /// other.
    private func gatherDictionary(
        _ index: ArrowPhysicalType, _ parts: inout ArrowNestedParts, _ name: String
    ) throws(ArrowError) {
        guard case .dictionary(let indexType, let valueType, _) = type else { return }
        var distinct: [ArrowArray] = []
        var bases: [Int] = []
        var total = 0
        let used = Set(runs.map(\.source))
        for (position, source) in sources.enumerated() {
            guard used.contains(Int32(position)), let dictionary = source.dictionary else {
                bases.append(0)
                continue
            }
            var base = 0
            var isKnown = false
            for known in distinct {
                // Comparing values that share their memory could take forever.
                isKnown =
                    known.sharesMemory(with: dictionary)
                    || known.layout.isFlat && known == dictionary
                if isKnown { break }
                base += known.length
            }
            bases.append(base)
            if isKnown { continue }
            distinct.append(dictionary)
            total += dictionary.length
        }
        if distinct.count <= 1 {
            parts.values = fixed(index.integerByteCount)
            parts.dictionary = distinct.first ?? sources.first?.dictionary ?? .empty(valueType)
            return
        }
        guard total <= index.indexCountMax else { throw Self.tooLarge(name, total) }
        parts.dictionary = try ArrowArray.concatenate(distinct)
        let numbers = ArrowColumnBuilder(indexType, expectedCount: rowCount)
        for run in runs {
            let source = sources[Int(run.source)]
            for row in Int(run.start)..<Int(run.start) + Int(run.count) {
                numbers.append(
                    source.isNull(row)
                        ? 0 : source.dictionaryIndex(row) + bases[Int(run.source)])
            }
        }
        parts.values = numbers.finish().values
    }
}

extension ArrowPhysicalType {
    /// How many values indices of an integer type can number, as far as an array can have them.
    var indexCountMax: Int {
        switch self {
        case .int8: 1 << 7
        case .uint8: 1 << 8
        case .int16: 1 << 15
        case .uint16: 1 << 16
        default: ArrowLimits.rowCountMax
        }
    }
}
