import MarbleArrow

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The key of each row of a chunk, as bytes that compare as the keys do.
struct ChunkKeys: Sendable {
    private let bytes: [UInt8]
    /// How long each key is, if all are of equal length; else 0.
    private let width: Int
    /// Where each key ends, if they differ in length.
    private let ends: [UInt32]
    let count: Int

    /// The keys of a batch's rows. Traps on a null: whoever lets a batch in has checked that.
    init(of batch: ArrowRecordBatch, columns positions: [Int]) {
        var builder = ChunkKeysBuilder()
        let columns = positions.map { batch.columns[$0] }
        builder.reserve(rowCount: batch.rowCount)
        if columns.count == 1 {
            let column = columns[0]
            for row in 0..<batch.rowCount {
                column.appendKeyBytes(row, to: &builder.bytes)
                builder.endKey()
            }
        } else {
            for row in 0..<batch.rowCount {
                for column in columns { column.appendKeyBytes(row, to: &builder.bytes) }
                builder.endKey()
            }
        }
        self = builder.finish()
    }

    init(bytes: [UInt8], width: Int, ends: [UInt32], count: Int) {
        self.bytes = bytes
        self.width = width
        self.ends = ends
        self.count = count
    }

    var byteCount: Int {
        bytes.count + ends.count * MemoryLayout<UInt32>.size
    }

    @inline(__always)
    func range(_ row: Int) -> Range<Int> {
        if width > 0 { return row * width..<(row + 1) * width }
        let start = row == 0 ? 0 : Int(ends[row - 1])
        return start..<Int(ends[row])
    }

    @inline(__always)
    func withKey<Result>(_ row: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let range = range(row)
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// The key's first eight bytes as a number that compares as they do; short keys are padded with
    /// zeroes.
    @inline(__always)
    func prefix(_ row: Int) -> UInt64 {
        withKey(row) { key in
            if key.count >= 8 { return UInt64(bigEndian: key.loadUnaligned(as: UInt64.self)) }
            var prefix: UInt64 = 0
            for byte in key { prefix = prefix << 8 | UInt64(byte) }
            return key.isEmpty ? 0 : prefix << UInt64(64 - 8 * key.count)
        }
    }

    /// Whether one key sorts before another: negative, zero or positive as `memcmp`.
    @inline(__always)
    static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        let shared = min(left.count, right.count)
        if shared > 0, let leftBase = left.baseAddress, let rightBase = right.baseAddress {
            let order = memcmp(leftBase, rightBase, shared)
            if order != 0 { return Int(order) }
        }
        return left.count - right.count
    }

    /// A 32-bit hash of a key: multiply and fold, eight bytes at a time.
    @inline(__always)
    func hash(_ row: Int, seed: UInt64) -> UInt32 {
        withKey(row) { key in
            var state = seed ^ UInt64(truncatingIfNeeded: key.count)
            var offset = 0
            while key.count - offset >= 8 {
                let word = key.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                state = Self.mix(state ^ word, 0x9E37_79B9_7F4A_7C15)
                offset += 8
            }
            var rest: UInt64 = 0
            while offset < key.count {
                rest = rest << 8 | UInt64(key[offset])
                offset += 1
            }
            state = Self.mix(state ^ rest, 0xD6E8_FEB8_6659_FD93)
            return UInt32(truncatingIfNeeded: state ^ state >> 32)
        }
    }

    @inline(__always)
    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

/// Gathers keys, one after the other.
struct ChunkKeysBuilder {
    /// The bytes of the keys; append one key's bytes, then call `endKey`.
    var bytes: [UInt8] = []
    private var ends: [UInt32] = []
    private var width = 0
    private var count = 0
    private var lastEnd = 0
    private var sameWidth = true

    init() {}

    mutating func reserve(rowCount: Int) {
        bytes.reserveCapacity(rowCount * 8)
    }

    @inline(__always)
    mutating func endKey() {
        let length = bytes.count - lastEnd
        if count == 0 { width = length }
        if sameWidth && (length != width || width == 0) { spell() }
        lastEnd = bytes.count
        count += 1
        if !sameWidth { ends.append(UInt32(lastEnd)) }
    }

    mutating func append(_ keys: ChunkKeys, row: Int) {
        keys.withKey(row) { bytes.append(contentsOf: $0) }
        endKey()
    }

    /// From here on ends are written down, as lengths differ.
    private mutating func spell() {
        sameWidth = false
        ends = (0..<count).map { UInt32(($0 + 1) * width) }
    }

    consuming func finish() -> ChunkKeys {
        ChunkKeys(bytes: bytes, width: sameWidth ? width : 0, ends: ends, count: count)
    }
}
