internal import CMarbleArrowData

/// Fills in a C array and keeps the memory that it points to until it is released.
enum ArrowCArrayExport {
    /// What an exported array points to, and what is let go when it is released.
    private final class Owner {
        let array: ArrowArray
        /// How many bytes each of the buffers has that views point to; nil if there are no views.
        let viewSizes: UnsafeMutablePointer<Int64>?

        init(_ array: ArrowArray) {
            self.array = array
            guard array.layout == .view else {
                viewSizes = nil
                return
            }
            let buffers = array.viewedBuffers
            let sizes = UnsafeMutablePointer<Int64>.allocate(capacity: max(buffers.count, 1))
            for (index, buffer) in buffers.enumerated() { sizes[index] = Int64(buffer.count) }
            viewSizes = sizes
        }

        deinit {
            viewSizes?.deallocate()
        }
    }

    static func fill(_ target: UnsafeMutablePointer<MarbleCArray>, _ array: ArrowArray) {
        var dictionary: UnsafeMutablePointer<MarbleCArray>?
        if let values = array.dictionary {
            let made = UnsafeMutablePointer<MarbleCArray>.allocate(capacity: 1)
            fill(made, values)
            dictionary = made
        }
        let hasNulls = array.layout.hasValidity || array.layout == .none
        fill(
            target, Owner(array), length: array.length, offset: array.offset,
            nullCount: hasNulls ? array.nullCount : 0, children: array.children,
            dictionary: dictionary)
    }

    /// A batch is a struct without nulls.
    static func fill(_ target: UnsafeMutablePointer<MarbleCArray>, _ batch: ArrowRecordBatch) {
        let owner = Owner(
            ArrowArray(
                type: .struct(batch.schema.fields), length: batch.rowCount,
                children: batch.columns))
        fill(
            target, owner, length: batch.rowCount, offset: 0, nullCount: 0,
            children: batch.columns, dictionary: nil)
    }

    private static func fill(
        _ target: UnsafeMutablePointer<MarbleCArray>, _ owner: Owner, length: Int, offset: Int,
        nullCount: Int, children: [ArrowArray], dictionary: UnsafeMutablePointer<MarbleCArray>?
    ) {
        let array = owner.array
        var buffers: [UnsafeRawPointer?] = array.buffers.map(\.base)
        if array.layout.hasValidity && array.validity == nil && !buffers.isEmpty {
            buffers[0] = nil
        }
        if let sizes = owner.viewSizes {
            buffers += array.viewedBuffers.map(\.base)
            buffers.append(UnsafeRawPointer(sizes))
        }
        let bufferPointers = UnsafeMutablePointer<UnsafeRawPointer?>.allocate(
            capacity: max(buffers.count, 1))
        for (index, buffer) in buffers.enumerated() { bufferPointers[index] = buffer }
        let childPointers = UnsafeMutablePointer<UnsafeMutablePointer<MarbleCArray>?>.allocate(
            capacity: max(children.count, 1))
        for (index, child) in children.enumerated() {
            let made = UnsafeMutablePointer<MarbleCArray>.allocate(capacity: 1)
            fill(made, child)
            childPointers[index] = made
        }
        target.initialize(
            to: MarbleCArray(
                length: Int64(length), null_count: Int64(nullCount), offset: Int64(offset),
                n_buffers: Int64(buffers.count), n_children: Int64(children.count),
                buffers: bufferPointers, children: childPointers, dictionary: dictionary,
                release: { ArrowCArrayExport.release($0) },
                private_data: Unmanaged.passRetained(owner).toOpaque()))
    }

    /// Called once by whoever took the array, for itself and for what is below it.
    private static func release(_ array: UnsafeMutablePointer<MarbleCArray>?) {
        guard let array, array.pointee.release != nil else { return }
        for index in 0..<Int(array.pointee.n_children) { free(array.pointee.children?[index]) }
        array.pointee.children?.deallocate()
        free(array.pointee.dictionary)
        array.pointee.buffers?.deallocate()
        if let owner = array.pointee.private_data {
            Unmanaged<Owner>.fromOpaque(owner).release()
        }
        array.pointee.release = nil
    }

    /// A child that somebody else has moved away is not released again.
    private static func free(_ child: UnsafeMutablePointer<MarbleCArray>?) {
        guard let child else { return }
        if let release = child.pointee.release { release(child) }
        child.deallocate()
    }
}
