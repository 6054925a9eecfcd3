/// The bytes of the next write: grows as it must, is reused, and gives back what one huge batch
/// took.
final class WriteBuffer {
    private(set) var start: UnsafeMutableRawPointer
    private(set) var byteCount = 0
    private(set) var capacity: Int
    private let capacityKept: Int

    private static let alignment = 4096

    init(capacityKept: Int) {
        self.capacityKept = max(capacityKept, 1 << 16)
        capacity = 1 << 16
        start = .allocate(byteCount: capacity, alignment: Self.alignment)
    }

    deinit { start.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: byteCount) }

    /// Room for `count` more bytes, which now belong to the buffer and hold anything.
    @inline(__always)
    func extend(by count: Int) -> UnsafeMutableRawPointer {
        let end = byteCount + count
        if end > capacity { grow(to: end) }
        defer { byteCount = end }
        return start + byteCount
    }

    private func grow(to wanted: Int) {
        let next = max(wanted, capacity * 2)
        let wider = UnsafeMutableRawPointer.allocate(byteCount: next, alignment: Self.alignment)
        wider.copyMemory(from: start, byteCount: byteCount)
        start.deallocate()
        start = wider
        capacity = next
    }

    func removeAll() {
        byteCount = 0
        guard capacity > capacityKept else { return }
        start.deallocate()
        capacity = capacityKept
        start = .allocate(byteCount: capacity, alignment: Self.alignment)
    }
}
