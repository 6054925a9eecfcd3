#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Growable memory that builders write to and that buffers then keep alive.
///
/// Once `buffer()` has been called nobody writes to it any more.
@usableFromInline
final class ArrowMemory: @unchecked Sendable {
    // Unchecked: it is written by its only owner first, and read-only once it is shared.
    private(set) var base: UnsafeMutableRawPointer
    private(set) var capacity: Int
    private(set) var count = 0

    private static let largePageByteCount = 2 << 20
    private static let largePagesByteCountMin = 8 << 20

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
        guard let base = malloc(self.capacity) else { Self.outOfMemory(self.capacity) }
        self.base = base
        adviseLargePages()
    }

    deinit {
        free(base)
    }

    /// The system maps blocks of this size anew each time, page by page, which costs more than to fill
    /// them; with large pages it doesn't.
    private func adviseLargePages() {
        #if os(Linux)
            guard capacity >= Self.largePagesByteCountMin else { return }
            let start = base.alignedUp(toMultipleOf: Self.largePageByteCount)
            let end = (base + capacity).alignedDown(toMultipleOf: Self.largePageByteCount)
            _ = madvise(start, end - start, MADV_HUGEPAGE)
        #endif
    }

    private static func outOfMemory(_ byteCount: Int) -> Never {
        fatalError("there is no memory for \(byteCount) bytes")
    }

    /// Makes sure that `additional` more bytes fit.
    @inline(__always)
    func reserve(_ additional: Int) {
        if additional > capacity - count { grow(by: additional) }
    }

    @inline(never)
    private func grow(by additional: Int) {
        let larger = max(count + additional, capacity * 2)
        // The system moves large memory without a copy.
        guard let moved = realloc(base, larger) else { Self.outOfMemory(larger) }
        base = moved
        capacity = larger
    }

    /// Memory of its own with what has been written.
    func copy() -> ArrowMemory {
        let copy = ArrowMemory(capacity: count)
        copy.append(base, count: count)
        return copy
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
