/// A table in a FlatBuffer, read in place: every read is checked against the bytes there are.
///
/// It only borrows the bytes. Source: FlatBuffers, "FlatBuffer Internals": little-endian numbers; a
/// table begins with the signed distance to its vtable, which lists the fields' positions in it.
struct FlatBufferTable {
    let bytes: UnsafeRawBufferPointer
    let position: Int
    private let vtable: Int
    private let vtableByteCount: Int

    /// The table that the buffer's root points to.
    @inline(__always)
    static func root(of bytes: UnsafeRawBufferPointer) throws(ArrowError) -> FlatBufferTable {
        let position = try read(UInt32.self, bytes, at: 0)
        return try FlatBufferTable(bytes, at: Int(position))
    }

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(ArrowError) {
        let distance = try Self.read(Int32.self, bytes, at: position)
        let vtable = position - Int(distance)
        let size = Int(try Self.read(UInt16.self, bytes, at: vtable))
        guard size >= 4 && size <= bytes.count - vtable else { throw Self.damaged() }
        self.bytes = bytes
        self.position = position
        self.vtable = vtable
        vtableByteCount = size
    }

    /// Where a field lies, or nil if it has its default value.
    @inline(__always)
    private func fieldPosition(_ slot: Int) throws(ArrowError) -> Int? {
        let entry = 4 + slot * 2
        guard entry + 2 <= vtableByteCount else { return nil }
        let offset = Int(try Self.read(UInt16.self, bytes, at: vtable + entry))
        return offset == 0 ? nil : position + offset
    }

    /// A number, or its default.
    @inline(__always)
    func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ slot: Int, default value: Number
    ) throws(ArrowError) -> Number {
        guard let field = try fieldPosition(slot) else { return value }
        return try Self.read(Number.self, bytes, at: field)
    }

    /// Where what a field points to begins, or nil if the field is absent.
    @inline(__always)
    private func target(_ slot: Int) throws(ArrowError) -> Int? {
        guard let field = try fieldPosition(slot) else { return nil }
        return field + Int(try Self.read(UInt32.self, bytes, at: field))
    }

    /// A table that a field points to.
    @inline(__always)
    func table(_ slot: Int) throws(ArrowError) -> FlatBufferTable? {
        guard let target = try target(slot) else { return nil }
        return try FlatBufferTable(bytes, at: target)
    }

    /// A vector of structs, numbers or offsets of a size: where its elements begin, and how many it
    /// has. All of them lie inside the bytes.
    @inline(__always)
    func vector(
        _ slot: Int, elementByteCount: Int
    ) throws(ArrowError) -> (position: Int, count: Int) {
        guard let target = try target(slot) else { return (0, 0) }
        let count = Int(try Self.read(UInt32.self, bytes, at: target))
        guard count * elementByteCount <= bytes.count - target - 4 else { throw Self.damaged() }
        return (target + 4, count)
    }

    /// The table that an element of a vector of offsets points to.
    func table(at position: Int) throws(ArrowError) -> FlatBufferTable {
        let offset = try Self.read(UInt32.self, bytes, at: position)
        return try FlatBufferTable(bytes, at: position + Int(offset))
    }

    /// A string, or nil if the field is absent. Its bytes are taken off `budget`, so that many
    /// fields that share one long string can't claim more memory than the message deserves.
    func string(_ slot: Int, budget: inout Int) throws(ArrowError) -> String? {
        guard try fieldPosition(slot) != nil else { return nil }
        let (start, count) = try vector(slot, elementByteCount: 1)
        try Self.spend(count, of: &budget)
        let text = UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
        guard let string = String(validating: text, as: UTF8.self) else {
            throw ArrowError(.malformed, "a name or value in the metadata is not valid UTF-8")
        }
        return string
    }

    static func spend(_ count: Int, of budget: inout Int) throws(ArrowError) {
        guard count <= budget else {
            throw ArrowError(
                .limitExceeded, "the message's metadata would unfold to far more than its size")
        }
        budget -= count
    }

    @inline(__always)
    static func read<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, _ bytes: UnsafeRawBufferPointer, at position: Int
    ) throws(ArrowError) -> Number {
        guard position >= 0 && position <= bytes.count - MemoryLayout<Number>.size else {
            throw damaged()
        }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: type))
    }

    @inline(never)
    static func damaged() -> ArrowError {
        ArrowError(
            .malformed,
            "the metadata of an Arrow message points outside of itself; it is cut off or damaged")
    }
}
