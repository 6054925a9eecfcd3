/// Writes the metadata of a record batch into memory of the caller, without an allocation.
///
/// Append a node for each column and the size of each buffer, in the order of the schema, then call
/// `finish`. Buffers lie in the body one after the other, each padded to 8 bytes; a column's are
/// its validity bitmap (0 bytes if nothing is null), its offsets if it has them, its values.
/// The layout, byte by byte, is in `docs/formats/arrow.md`.
public struct RecordBatchHeaderEncoder {
    private static let messageTable = 16
    private static let bodyLength = messageTable + 16
    private static let batchTable = 56
    private static let nodeVector = 76

    private let base: UnsafeMutableRawPointer
    private let nodeCount: Int
    private let bufferCount: Int
    private var nodesWritten = 0
    private var buffersWritten = 0
    private var bodyByteCount = 0

    /// How many bytes the metadata takes: a multiple of 8.
    @inlinable
    public static func byteCount(nodeCount: Int, bufferCount: Int) -> Int {
        88 + 16 * (nodeCount + bufferCount)
    }

    /// Begins to write at the beginning of `target`.
    /// Traps if it has less than `byteCount(nodeCount:bufferCount:)` bytes.
    public init(
        into target: UnsafeMutableRawBufferPointer, rowCount: Int, nodeCount: Int, bufferCount: Int
    ) {
        let byteCount = Self.byteCount(nodeCount: nodeCount, bufferCount: bufferCount)
        guard let base = target.baseAddress, target.count >= byteCount else {
            preconditionFailure("\(target.count) bytes for metadata of \(byteCount)")
        }
        self.base = base
        self.nodeCount = nodeCount
        self.bufferCount = bufferCount
        base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        let bufferVector = Self.nodeVector + 4 + nodeCount * ArrowFormat.nodeByteCount + 4
        store(UInt32(Self.messageTable), at: 0)
        // Message: vtable at 4, table at 16.
        store(UInt16(12), at: 4)
        store(UInt16(24), at: 6)
        store(UInt16(4), at: 8)
        store(UInt16(6), at: 10)
        store(UInt16(8), at: 12)
        store(UInt16(16), at: 14)
        store(Int32(Self.messageTable - 4), at: Self.messageTable)
        store(ArrowFormat.version5, at: Self.messageTable + 4)
        store(ArrowFormat.Header.recordBatch, at: Self.messageTable + 6)
        store(
            UInt32(Self.batchTable - (Self.messageTable + 8)), at: Self.messageTable + 8)
        // RecordBatch: vtable at 40, table at 56.
        store(UInt16(10), at: 40)
        store(UInt16(20), at: 42)
        store(UInt16(8), at: 44)
        store(UInt16(4), at: 46)
        store(UInt16(16), at: 48)
        store(Int32(Self.batchTable - 40), at: Self.batchTable)
        store(UInt32(Self.nodeVector - (Self.batchTable + 4)), at: Self.batchTable + 4)
        store(Int64(rowCount), at: Self.batchTable + 8)
        store(UInt32(bufferVector - (Self.batchTable + 16)), at: Self.batchTable + 16)
        store(UInt32(nodeCount), at: Self.nodeVector)
        store(UInt32(bufferCount), at: bufferVector)
    }

    /// Says how many values the next column has, and how many of them are null.
    public mutating func appendNode(length: Int, nullCount: Int) {
        precondition(nodesWritten < nodeCount, "more columns than announced")
        let position = Self.nodeVector + 4 + nodesWritten * ArrowFormat.nodeByteCount
        store(Int64(length), at: position)
        store(Int64(nullCount), at: position + 8)
        nodesWritten += 1
    }

    /// Says how many bytes the next buffer has, and returns where it begins in the body. The caller
    /// writes it there, followed by zeroes up to the next multiple of 8.
    @discardableResult
    public mutating func appendBuffer(byteCount: Int) -> Int {
        precondition(buffersWritten < bufferCount, "more buffers than announced")
        let position =
            Self.nodeVector + 12 + nodeCount * ArrowFormat.nodeByteCount
            + buffersWritten * ArrowFormat.bufferByteCount
        let offset = bodyByteCount
        store(Int64(offset), at: position)
        store(Int64(byteCount), at: position + 8)
        buffersWritten += 1
        bodyByteCount += byteCount + ArrowFormat.padding(after: byteCount)
        return offset
    }

    /// Completes the metadata and returns how many bytes the body has, padding included.
    /// Traps if columns or buffers are missing.
    public mutating func finish() -> Int {
        precondition(
            nodesWritten == nodeCount && buffersWritten == bufferCount,
            "fewer columns or buffers than announced")
        store(Int64(bodyByteCount), at: Self.bodyLength)
        return bodyByteCount
    }

    @inline(__always)
    private func store<Number: FixedWidthInteger & BitwiseCopyable>(
        _ number: Number, at position: Int
    ) {
        base.storeBytes(of: number.littleEndian, toByteOffset: position, as: Number.self)
    }
}
