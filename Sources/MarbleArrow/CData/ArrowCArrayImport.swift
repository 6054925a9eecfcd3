internal import CMarbleArrowData

/// A C array that was moved here: released when nothing uses its memory any more.
final class ArrowCArrayImport: @unchecked Sendable {
    // Unchecked: pointers make the class non-sendable, but nobody writes to what they point to, and
    // the last reference releases.
    private var array: MarbleCArray

    /// Moves the array, so that its former owner can't release it.
    init(moving source: UnsafeMutablePointer<MarbleCArray>) throws(ArrowError) {
        guard source.pointee.release != nil else {
            throw ArrowError(.invalidArgument, "the C array has been released")
        }
        array = source.pointee
        source.pointee.release = nil
    }

    deinit {
        array.release?(&array)
    }

    /// The array, whose type must be `type`, after checking everything that the format demands. Sizes
    /// of buffers, which the interface doesn't tell, are taken to be what the lengths need.
    func imported(type: ArrowType) throws(ArrowError) -> ArrowArray {
        try imported(array, type)
    }

    /// The columns of an array that stands for a batch of a schema.
    func batch(_ schema: ArrowSchema) throws(ArrowError) -> ArrowRecordBatch {
        let whole = try imported(type: .struct(schema.fields))
        guard whole.nullCount == 0 else {
            throw ArrowError(
                .invalidArgument,
                "a batch can't be made of structs of which \(whole.nullCount) are null")
        }
        let columns = whole.children.map { $0.slice(offset: whole.offset, length: whole.length) }
        guard !columns.isEmpty else {
            return ArrowRecordBatch(checked: schema, rowCount: whole.length, columns: [])
        }
        return try ArrowRecordBatch(schema: schema, columns: columns)
    }

    private func imported(
        _ array: MarbleCArray, _ type: ArrowType
    ) throws(ArrowError) -> ArrowArray {
        let layout = type.layout
        let isView = layout == .view
        let bound = Int64(ArrowLimits.rowCountMax)
        guard
            array.length >= 0 && array.offset >= 0 && array.length <= bound
                && array.offset <= bound - array.length,
            array.n_children == type.children.count,
            isView
                ? array.n_buffers >= 3 : array.n_buffers == layout.bufferCount
        else {
            throw ArrowError(
                .malformed,
                "a C array of \(type) has a length of \(array.length), an offset of "
                    + "\(array.offset), \(array.n_buffers) buffers and \(array.n_children) children"
            )
        }
        let count = Int(array.offset + array.length)
        var children: [ArrowArray] = []
        for (index, field) in type.children.enumerated() {
            guard let child = array.children?[index]?.pointee else {
                throw ArrowError(.malformed, "a child of a C array of \(type) is NULL")
            }
            children.append(try imported(child, field.type))
        }
        var dictionary: ArrowArray?
        if case .dictionary(_, let value, _) = type {
            guard let values = array.dictionary?.pointee else {
                throw ArrowError(.malformed, "a C array of \(type) has no dictionary")
            }
            dictionary = try imported(values, value)
        }
        var validity: ArrowBuffer?
        if layout.hasValidity, let bitmap = array.buffers?[0], array.null_count != 0 {
            validity = buffer(bitmap, ArrowBitmap.byteCount(bits: count))
        }
        let whole = try ArrowArray(
            type: type, length: count, validity: validity,
            buffers: try buffers(array, layout, count), children: children,
            dictionary: dictionary, viewed: isView ? viewed(array) : [])
        return whole.slice(offset: Int(array.offset), length: Int(array.length))
    }

    /// The buffers behind the validity.
    private func buffers(
        _ array: MarbleCArray, _ layout: ArrowLayout, _ count: Int
    ) throws(ArrowError) -> [ArrowBuffer] {
        func at(_ index: Int, _ byteCount: Int) throws(ArrowError) -> ArrowBuffer {
            guard let pointer = array.buffers?[index] else {
                if byteCount == 0 || count == 0 { return .empty }
                throw ArrowError(
                    .malformed, "buffer \(index) of a C array of \(count) values is NULL")
            }
            return buffer(pointer, byteCount)
        }
        switch layout {
        case .none, .runEndEncoded, .fixedSizeList, .structure: return []
        case .bit: return [try at(1, ArrowBitmap.byteCount(bits: count))]
        case .fixedWidth(let width): return [try at(1, count * width)]
        case .dictionary(let index): return [try at(1, count * index.integerByteCount)]
        case .view: return [try at(1, count * ArrowView.byteCount)]
        case .list32: return [try at(1, (count + 1) * 4)]
        case .list64: return [try at(1, (count + 1) * 8)]
        case .listView32: return [try at(1, count * 4), try at(2, count * 4)]
        case .listView64: return [try at(1, count * 8), try at(2, count * 8)]
        case .sparseUnion: return [try at(0, count)]
        case .denseUnion: return [try at(0, count), try at(1, count * 4)]
        case .variable32:
            let offsets = try at(1, (count + 1) * 4)
            let end = offsets.count == 0 ? 0 : Int(offsets.load(Int32.self, at: count))
            return [offsets, try at(2, max(0, end))]
        case .variable64:
            let offsets = try at(1, (count + 1) * 8)
            let end = offsets.count == 0 ? 0 : Int(offsets.load(Int64.self, at: count))
            return [offsets, try at(2, max(0, end))]
        }
    }

    /// What views point to; the last buffer says how large each is.
    private func viewed(_ array: MarbleCArray) -> [ArrowBuffer] {
        let last = Int(array.n_buffers) - 1
        guard let sizes = array.buffers?[last] else { return [] }
        return (2..<last).map { index in
            let size = sizes.loadUnaligned(fromByteOffset: (index - 2) * 8, as: Int64.self)
            guard let pointer = array.buffers?[index], size > 0 else { return .empty }
            return buffer(pointer, Int(size))
        }
    }

    private func buffer(_ pointer: UnsafeRawPointer, _ count: Int) -> ArrowBuffer {
        ArrowBuffer(owner: self, bytes: UnsafeRawBufferPointer(start: pointer, count: count))
    }
}
