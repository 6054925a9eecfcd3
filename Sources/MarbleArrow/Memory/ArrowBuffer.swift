/// Immutable bytes: an address, a count, and the object that keeps the memory alive.
///
/// Slices share the memory. The bytes may lie at any address, so every load is an unaligned one;
/// numbers are little-endian, as in Arrow's columnar format.
public struct ArrowBuffer: @unchecked Sendable {
    // Unchecked: the pointer makes the struct non-sendable, but nobody writes to the memory
    // while a buffer exists, which is what every initializer demands.
    @usableFromInline let owner: AnyObject?
    @usableFromInline let base: UnsafeRawPointer

    /// How many bytes there are.
    public let count: Int

    /// Wraps memory that `owner` keeps alive, without a copy.
    ///
    /// Nobody may change the bytes as long as `owner` is referenced from here. The storage object
    /// of a copy-on-write byte buffer does: holding it makes a writer copy first.
    @inlinable
    public init(owner: AnyObject, bytes: UnsafeRawBufferPointer) {
        if let base = bytes.baseAddress, bytes.count > 0 {
            self.init(owner: owner, base: base, count: bytes.count)
        } else {
            self = .empty
        }
    }

    /// Copies bytes into memory of its own.
    public init(copying bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else {
            self = .empty
            return
        }
        let memory = ArrowMemory(capacity: bytes.count)
        memory.append(source, count: bytes.count)
        self = memory.buffer()
    }

    /// Copies an array's bytes into memory of its own.
    public init(_ array: [UInt8]) {
        self = array.withUnsafeBytes { ArrowBuffer(copying: $0) }
    }

    @usableFromInline
    init(owner: AnyObject?, base: UnsafeRawPointer, count: Int) {
        self.owner = owner
        self.base = base
        self.count = count
    }

    /// The buffer without bytes.
    public static let empty = ArrowBuffer(owner: nil, base: ArrowMemory.zeroes, count: 0)

    /// `count` zero bytes of padding; at most `ArrowMemory.zeroCount`.
    static func padding(_ count: Int) -> ArrowBuffer {
        precondition(count <= ArrowMemory.zeroCount)
        return ArrowBuffer(owner: nil, base: ArrowMemory.zeroes, count: count)
    }

    /// The same memory, narrowed. Traps if the range is not inside this buffer.
    @inlinable
    public func slice(offset: Int, count: Int) -> ArrowBuffer {
        precondition(
            offset >= 0 && count >= 0 && offset <= self.count && count <= self.count - offset,
            "slice out of range")
        return ArrowBuffer(owner: owner, base: base + offset, count: count)
    }

    /// Lends the bytes for the duration of the call.
    @inlinable
    public func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(owner) {} }
        return try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// The `index`-th number of type `Number`, counted in numbers, not in bytes.
    /// Traps if it is not inside this buffer.
    @inlinable
    public func load<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, at index: Int
    ) -> Number {
        precondition(
            index >= 0 && index < count / MemoryLayout<Number>.size, "index out of range")
        defer { withExtendedLifetime(owner) {} }
        let position = index * MemoryLayout<Number>.size
        return Number(littleEndian: base.loadUnaligned(fromByteOffset: position, as: type))
    }

    /// The byte at an index. Traps if it is not inside this buffer.
    @inlinable
    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count, "index out of range")
        defer { withExtendedLifetime(owner) {} }
        return base.load(fromByteOffset: index, as: UInt8.self)
    }

    /// A copy of the bytes.
    public var bytes: [UInt8] {
        withUnsafeBytes { [UInt8]($0) }
    }
}

/// The bytes one by one, so that `Data(buffer)` and `[UInt8](buffer)` copy them.
extension ArrowBuffer: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result? {
        try withUnsafeBytes { try $0.withMemoryRebound(to: UInt8.self, body) }
    }
}

extension ArrowBuffer: Equatable {
    /// Whether both hold the same bytes.
    public static func == (left: ArrowBuffer, right: ArrowBuffer) -> Bool {
        guard left.count == right.count else { return false }
        if left.base == right.base { return true }
        return left.withUnsafeBytes { leftBytes in
            right.withUnsafeBytes { rightBytes in leftBytes.elementsEqual(rightBytes) }
        }
    }
}
