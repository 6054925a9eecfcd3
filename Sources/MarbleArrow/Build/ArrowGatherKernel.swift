/// Copies runs of rows of several arrays of one type into one array.
struct ArrowGatherKernel {
    /// What the loops need of a source, without its references.
    struct Column {
        /// Nil if nothing is null.
        let validity: UnsafeRawPointer?
        let offsets: UnsafeRawPointer
        let values: UnsafeRawPointer
        let valuesByteCount: Int
        let offset: Int

        @inline(__always)
        init(_ array: ArrowArray) {
            validity =
                array.nullCount == 0 || !array.layout.hasValidity ? nil : array.validityBase
            offsets = array.offsetsBase
            values = array.valuesBase
            valuesByteCount = array.valuesByteCount
            offset = array.offset
        }

        @inline(__always)
        func offset<Offset: FixedWidthInteger & BitwiseCopyable>(
            _ type: Offset.Type, _ row: Int
        ) -> Int {
            Int(
                Offset(
                    littleEndian: offsets.loadUnaligned(
                        fromByteOffset: (offset + row) * MemoryLayout<Offset>.size, as: type)))
        }
    }

    let type: ArrowType
    let sources: [ArrowArray]
    let columns: [Column]
    let runs: [ArrowGather.Run]
    let rowCount: Int

    /// The runs have at least one row each, and `rowCount` together.
    init(type: ArrowType, sources: [ArrowArray], runs: [ArrowGather.Run], rowCount: Int) {
        self.type = type
        self.sources = sources
        columns = sources.map { Column($0) }
        self.runs = runs
        self.rowCount = rowCount
    }

    /// Throws `limitExceeded` if 32-bit offsets can't address the values.
    func run(name: String) throws(ArrowError) -> ArrowArray {
        defer { withExtendedLifetime(sources) {} }
        var offsets = ArrowBuffer.empty
        let values: ArrowBuffer
        switch type.layout {
        case .bit: values = bits()
        case .fixedWidth(let width): values = fixed(width)
        case .variable32: (offsets, values) = try variable(Int32.self, name)
        case .variable64: (offsets, values) = try variable(Int64.self, name)
        default: return try nested(name: name)
        }
        let (validity, nullCount) = validity()
        return ArrowArray(
            type: type, length: rowCount, nullCount: nullCount, validity: validity,
            offsets: offsets, values: values)
    }

    func validity() -> (buffer: ArrowBuffer, nullCount: Int) {
        guard rowCount > 0 && columns.contains(where: { $0.validity != nil }) else {
            return (.empty, 0)
        }
        let target = ArrowMemory(capacity: ArrowBitmap.byteCount(bits: rowCount))
        target.appendZeroes(ArrowBitmap.byteCount(bits: rowCount))
        var row = 0
        for run in runs {
            let column = columns[Int(run.source)]
            let count = Int(run.count)
            if let validity = column.validity {
                ArrowBitmap.copy(
                    from: validity, offset: column.offset + Int(run.start), to: target.base,
                    offset: row, count: count)
            } else {
                ArrowBitmap.set(target.base, offset: row, count: count)
            }
            row += count
        }
        let valid = ArrowBitmap.setBitCount(target.base, offset: 0, count: rowCount)
        return (target.buffer(), rowCount - valid)
    }

    private func bits() -> ArrowBuffer {
        let target = ArrowMemory(capacity: ArrowBitmap.byteCount(bits: rowCount))
        target.appendZeroes(ArrowBitmap.byteCount(bits: rowCount))
        var row = 0
        for run in runs {
            let column = columns[Int(run.source)]
            ArrowBitmap.copy(
                from: column.values, offset: column.offset + Int(run.start), to: target.base,
                offset: row, count: Int(run.count))
            row += Int(run.count)
        }
        return target.buffer()
    }

    func fixed(_ width: Int) -> ArrowBuffer {
        let target = ArrowMemory(capacity: rowCount * width)
        switch width {
        case 1: copyNumbers(UInt8.self, target)
        case 2: copyNumbers(UInt16.self, target)
        case 4: copyNumbers(UInt32.self, target)
        case 8: copyNumbers(UInt64.self, target)
        case 16: copyNumbers(UInt128.self, target)
        default:
            for run in runs {
                let column = columns[Int(run.source)]
                target.append(
                    column.values + (column.offset + Int(run.start)) * width,
                    count: Int(run.count) * width)
            }
        }
        return target.buffer()
    }

    /// A single value is one load and one store, which a copy of a variable size is not.
    @inline(__always)
    private func copyNumbers<Number: FixedWidthInteger & BitwiseCopyable>(
        _ number: Number.Type, _ target: ArrowMemory
    ) {
        let width = MemoryLayout<Number>.size
        var next = target.base
        for run in runs {
            let column = columns[Int(run.source)]
            let source = column.values + (column.offset + Int(run.start)) * width
            if run.count == 1 {
                next.storeBytes(of: source.loadUnaligned(as: Number.self), as: Number.self)
            } else {
                next.copyMemory(from: source, byteCount: Int(run.count) * width)
            }
            next += Int(run.count) * width
        }
        target.commit(rowCount * width)
    }

    @inline(__always)
    private func variable<Offset: FixedWidthInteger & BitwiseCopyable>(
        _ type: Offset.Type, _ name: String
    ) throws(ArrowError) -> (offsets: ArrowBuffer, values: ArrowBuffer) {
        var total = 0
        for run in runs {
            let column = columns[Int(run.source)]
            let start = column.offset(type, Int(run.start))
            let end = column.offset(type, Int(run.start) + Int(run.count))
            precondition(
                start >= 0 && start <= end && end <= column.valuesByteCount,
                "offsets \(start) ..< \(end) leave the \(column.valuesByteCount) bytes of values")
            total += end - start
        }
        guard total <= Int(Offset.max) else {
            throw ArrowError(
                .limitExceeded,
                "column \"\(name)\" would hold \(total) bytes, more than its 32-bit offsets can "
                    + "address; gather fewer rows, or make it large_string or large_binary")
        }
        let values = ArrowMemory(capacity: total)
        let offsets = ArrowMemory(capacity: (rowCount + 1) * MemoryLayout<Offset>.size)
        offsets.append(Offset(0))
        for run in runs {
            let column = columns[Int(run.source)]
            let firstRow = Int(run.start)
            let endRow = firstRow + Int(run.count)
            let start = column.offset(type, firstRow)
            // Offsets move together with their run; only the distance is new.
            let shift = values.count - start
            for row in firstRow + 1...endRow {
                offsets.append(Offset(truncatingIfNeeded: column.offset(type, row) + shift))
            }
            values.append(column.values + start, count: column.offset(type, endRow) - start)
        }
        return (offsets.buffer(), values.buffer())
    }
}
