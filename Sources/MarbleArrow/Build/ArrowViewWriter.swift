/// Writes views of values, and the buffers that those of more than 12 bytes lie in.
struct ArrowViewWriter {
    /// A buffer is closed before it has more: offsets have 32 bits.
    private static let bufferByteCountMax = 1 << 30

    private var views: ArrowMemory
    private var current: ArrowMemory?
    private var data: [ArrowBuffer] = []

    init(expectedCount: Int) {
        views = ArrowMemory(capacity: expectedCount * ArrowView.byteCount)
    }

    /// Appends a value of less than 2 GiB.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        views.append(Int32(bytes.count))
        guard bytes.count > ArrowView.inlineCountMax, let base = bytes.baseAddress else {
            if let base = bytes.baseAddress { views.append(base, count: bytes.count) }
            views.appendZeroes(ArrowView.inlineCountMax - bytes.count)
            return
        }
        if let current, current.count + bytes.count > Self.bufferByteCountMax {
            data.append(current.buffer())
            self.current = nil
        }
        let target = current ?? ArrowMemory(capacity: 4096)
        current = target
        views.append(base, count: 4)
        views.append(Int32(data.count))
        views.append(Int32(target.count))
        target.append(base, count: bytes.count)
    }

    /// Appends a view as it is, of buffers that come `buffersAdded` places later than it says.
    mutating func append(copying view: UnsafeRawPointer, buffersAdded: Int) {
        let parsed = ArrowView(view)
        if parsed.count <= ArrowView.inlineCountMax {
            views.append(view, count: ArrowView.byteCount)
            return
        }
        views.append(view, count: 8)
        views.append(Int32(truncatingIfNeeded: parsed.buffer + buffersAdded))
        views.append(Int32(truncatingIfNeeded: parsed.offset))
    }

    /// The views and the buffers. The writer begins anew.
    mutating func finish() -> (views: ArrowBuffer, data: [ArrowBuffer]) {
        if let current, current.count > 0 { data.append(current.buffer()) }
        defer {
            current = nil
            data = []
            views = ArrowMemory(capacity: 0)
        }
        return (views.buffer(), data)
    }
}
