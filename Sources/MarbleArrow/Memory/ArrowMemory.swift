/// Growable memory that builders write to and that buffers then keep alive.
///
/// Once `buffer()` has been called nobody writes to it any more.
@usableFromInline
final class ArrowMemory: @unchecked Sendable {
    // Unchecked: it is written by its only owner first, and read-only once it is shared.
    private(set) var base: UnsafeMutableRawPointer
    private(set) var capacity: Int
    private(set) var count = 0

    /// How many bytes `zeroes` points to.
    static let zeroCount = 64

    /// Zero bytes that live as long as the process: padding, and the address of empty buffers.
    // Unsafe only to the compiler: nobody writes there after this.
    @usableFromInline nonisolated(unsafe) static let zeroes: UnsafeRawPointer = {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: zeroCount, alignment: 64)
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: zeroCount)
        return UnsafeRawPointer(bytes)
    }()

    init(capacity: Int) {
        self.capacity = max(capacity, 16)
        base = UnsafeMutableRawPointer.allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit {
        base.deallocate()
    }

    /// Makes sure that `additional` more bytes fit.
    @inline(__always)
    func reserve(_ additional: Int) {
        if additional > capacity - count { grow(by: additional) }
    }

    @inline(never)
    private func grow(by additional: Int) {
        let needed = count + additional
        let larger = max(needed, capacity * 2)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        moved.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = moved
        capacity = larger
    }

    @inline(__always)
    func append(_ source: UnsafeRawPointer, count added: Int) {
        reserve(added)
        (base + count).copyMemory(from: source, byteCount: added)
        count += added
    }

    @inline(__always)
    func append<Number: FixedWidthInteger>(_ number: Number) {
        reserve(MemoryLayout<Number>.size)
        base.storeBytes(of: number.littleEndian, toByteOffset: count, as: Number.self)
        count += MemoryLayout<Number>.size
    }

    func appendZeroes(_ added: Int) {
        reserve(added)
        (base + count).initializeMemory(as: UInt8.self, repeating: 0, count: added)
        count += added
    }

    /// Counts `added` bytes that the caller has written behind the end, after a `reserve`.
    func commit(_ added: Int) {
        precondition(added <= capacity - count, "committed more than was reserved")
        count += added
    }

    /// What has been written, as a buffer that keeps this memory alive.
    func buffer() -> ArrowBuffer {
        count == 0 ? .empty : ArrowBuffer(owner: self, base: UnsafeRawPointer(base), count: count)
    }
}
