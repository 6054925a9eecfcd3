/// What an array consists of, on its way to being checked.
struct ArrowNestedParts {
    var validity = ArrowBuffer.empty
    var offsets = ArrowBuffer.empty
    var values = ArrowBuffer.empty
    var children: [ArrowArray] = []
    var dictionary: ArrowArray?
    var data: [ArrowBuffer] = []
}

/// Types with parts. What points into children, dictionaries or buffers is always checked, whatever
/// the level: reading would leave the memory else.
extension ArrowArrayCheck {
    /// Returns the array. Throws `malformed` if the parts are not one. The children have been
    /// checked already.
    func run(
        nested parts: ArrowNestedParts, type: ArrowType, name: @autoclosure () -> String
    ) throws(ArrowError) -> ArrowArray {
        let nullCount = try run(
            validity: parts.validity, offsets: parts.offsets, values: parts.values, name: name())
        if let flaw = try flaw(parts, nullCount, type, name()) {
            throw Self.malformed(name(), flaw)
        }
        let array = ArrowArray(
            type: type, length: length, nullCount: nullCount, validity: parts.validity,
            offsets: parts.offsets, values: parts.values, children: parts.children,
            dictionary: parts.dictionary, data: parts.data)
        if level == .full, let flaw = contentFlaw(array) { throw Self.malformed(name(), flaw) }
        return array
    }

    private func flaw(
        _ parts: ArrowNestedParts, _ nullCount: Int, _ type: ArrowType,
        _ name: @autoclosure () -> String
    ) throws(ArrowError) -> String? {
        let validity = nullCount == 0 ? nil : parts.validity
        let childLength = parts.children.first?.length ?? 0
        switch column.layout {
        case .view: return viewFlaw(parts, validity)
        case .list32: return listFlaw(Int32.self, parts.offsets, childLength)
        case .list64: return listFlaw(Int64.self, parts.offsets, childLength)
        case .listView32: return listViewFlaw(Int32.self, parts, validity)
        case .listView64: return listViewFlaw(Int64.self, parts, validity)
        case .fixedSizeList(let size):
            let (needed, overflow) = length.multipliedReportingOverflow(by: size)
            return overflow || needed > childLength
                ? "has \(childLength) items in \(length) lists of \(size)" : nil
        case .structure, .sparseUnion:
            if let short = parts.children.first(where: { $0.length < length }) {
                return "has \(length) values, but a field of it \(short.length)"
            }
            return column.layout == .structure ? nil : unionFlaw(parts, type)
        case .denseUnion: return unionFlaw(parts, type)
        case .runEndEncoded: return runFlaw(parts)
        case .dictionary(let index): return indexFlaw(parts, index, validity)
        default: return nil
        }
    }

    private func viewFlaw(_ parts: ArrowNestedParts, _ validity: ArrowBuffer?) -> String? {
        defer { withExtendedLifetime((parts.values.owner, validity?.owner)) {} }
        for row in 0..<length {
            if let validity, !ArrowBitmap.bit(validity.base, at: row) { continue }
            let place = parts.values.base + row * ArrowView.byteCount
            let view = ArrowView(place)
            if view.count > ArrowView.inlineCountMax {
                guard view.lies(in: parts.data) else {
                    return "has a view in row \(row) that points outside of its buffers"
                }
                guard level == .full else { continue }
                let start = parts.data[view.buffer].base + view.offset
                guard start.loadUnaligned(as: UInt32.self) == view.prefix else {
                    return "has a view in row \(row) that begins otherwise than what it points to"
                }
            } else if view.count < 0 {
                return "has a view of \(view.count) bytes in row \(row)"
            }
        }
        return nil
    }

    private func listFlaw<Offset: FixedWidthInteger & SignedInteger>(
        _ type: Offset.Type, _ offsets: ArrowBuffer, _ childLength: Int
    ) -> String? {
        if length == 0 { return nil }
        let needed = (length + 1) * MemoryLayout<Offset>.size
        guard offsets.count >= needed else {
            return "needs \(needed) bytes of offsets, but has \(offsets.count)"
        }
        defer { withExtendedLifetime(offsets.owner) {} }
        let first = Self.load(type, offsets.base, 0)
        var flaws: Offset = 0
        var previous = first
        for index in 1...length {
            let next = Self.load(type, offsets.base, index)
            flaws |= next | (next &- previous)
            previous = next
        }
        guard first >= 0 && flaws >= 0 else { return "has offsets that decrease" }
        return previous <= childLength
            ? nil : "has offsets from \(first) to \(previous) in \(childLength) items"
    }

    private func listViewFlaw<Offset: FixedWidthInteger & SignedInteger>(
        _ type: Offset.Type, _ parts: ArrowNestedParts, _ validity: ArrowBuffer?
    ) -> String? {
        let needed = length * MemoryLayout<Offset>.size
        guard parts.offsets.count >= needed else {
            return "needs \(needed) bytes of offsets, but has \(parts.offsets.count)"
        }
        let childLength = Offset(clamping: parts.children[0].length)
        defer {
            withExtendedLifetime((parts.offsets.owner, parts.values.owner, validity?.owner)) {}
        }
        for row in 0..<length {
            if let validity, !ArrowBitmap.bit(validity.base, at: row) { continue }
            let start = Self.load(type, parts.offsets.base, row)
            let size = Self.load(type, parts.values.base, row)
            guard start >= 0 && size >= 0 && start <= childLength && size <= childLength - start
            else { return "has \(size) items from \(start) in row \(row), of \(childLength)" }
        }
        return nil
    }

    private func unionFlaw(_ parts: ArrowNestedParts, _ type: ArrowType) -> String? {
        guard case .union(let union) = type else { return nil }
        let isDense = union.mode == .dense
        guard !isDense || parts.offsets.count >= length * 4 else {
            return "needs \(length * 4) bytes of offsets, but has \(parts.offsets.count)"
        }
        var lengths = [Int](repeating: -1, count: 256)
        for (typeID, child) in zip(union.typeIDs, parts.children) {
            lengths[Int(UInt8(bitPattern: typeID))] = child.length
        }
        // The next offset into each child, at least: values are in order.
        var next = [Int](repeating: 0, count: 256)
        defer { withExtendedLifetime((parts.offsets.owner, parts.values.owner)) {} }
        for row in 0..<length {
            let typeID = Int(parts.values.base.load(fromByteOffset: row, as: UInt8.self))
            guard lengths[typeID] >= 0 else {
                return "has the type number \(Int8(truncatingIfNeeded: typeID)) in row \(row), "
                    + "which no field has"
            }
            guard isDense else { continue }
            let offset = Int(Self.load(Int32.self, parts.offsets.base, row))
            guard offset >= next[typeID] && offset < lengths[typeID] else {
                return "has the offset \(offset) in row \(row), in a field of \(lengths[typeID]) "
                    + "values after one of \(next[typeID])"
            }
            next[typeID] = offset
        }
        return nil
    }

    private func runFlaw(_ parts: ArrowNestedParts) -> String? {
        let (ends, values) = (parts.children[0], parts.children[1])
        guard ends.nullCount == 0 else { return "has ends of runs that are null" }
        guard ends.length <= values.length else {
            return "has \(ends.length) runs, but \(values.length) values"
        }
        var previous: Int64 = 0
        for run in 0..<ends.length {
            let end = ends.int64(at: run)
            guard end > previous else {
                return "has a run \(run) that ends at \(end), the one before it at \(previous)"
            }
            previous = end
        }
        return previous >= length
            ? nil : "has runs that end at \(previous), but \(length) values"
    }

    private func indexFlaw(
        _ parts: ArrowNestedParts, _ index: ArrowPhysicalType, _ validity: ArrowBuffer?
    ) -> String? {
        func flaw<Index: FixedWidthInteger>(_ type: Index.Type, _ count: Int) -> String? {
            let base = parts.values.base
            for row in 0..<length {
                let index = Self.load(type, base, row)
                if index >= 0 && index < count { continue }
                if let validity, !ArrowBitmap.bit(validity.base, at: row) { continue }
                return "has the index \(index) in row \(row), in a dictionary of \(count) values"
            }
            return nil
        }
        defer { withExtendedLifetime((parts.values.owner, validity?.owner)) {} }
        let count = parts.dictionary?.length ?? 0
        switch index {
        case .int8: return flaw(Int8.self, count)
        case .int16: return flaw(Int16.self, count)
        case .int32: return flaw(Int32.self, count)
        case .uint8: return flaw(UInt8.self, count)
        case .uint16: return flaw(UInt16.self, count)
        case .uint32: return flaw(UInt32.self, count)
        case .uint64: return flaw(UInt64.self, count)
        default: return flaw(Int64.self, count)
        }
    }
}
