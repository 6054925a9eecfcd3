/// Bytes that were written and that nobody has taken: small ones behind each other, large buffers as
/// they are, until it is known how much memory all of them take.
struct ArrowOutputQueue {
    /// Smaller buffers are copied at once: that costs less than to remember them.
    static let keptByteCountMin = 64 << 10

    /// Queues that are copies of each other share it until one is written to.
    private(set) var small = ArrowMemory(capacity: 0)
    /// Each with how many of the small bytes come before it.
    private var large: [(position: Int, buffer: ArrowBuffer)] = []
    private var largeByteCount = 0

    var byteCount: Int {
        small.count + largeByteCount
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    mutating func append(_ number: UInt32) {
        withUnsafeBytes(of: number.littleEndian) { append($0) }
    }

    mutating func append(_ buffer: ArrowBuffer) {
        if buffer.count < Self.keptByteCountMin {
            buffer.withUnsafeBytes { append($0) }
        } else {
            large.append((small.count, buffer))
            largeByteCount += buffer.count
        }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        if !isKnownUniquelyReferenced(&small) { small = small.copy() }
        small.append(base, count: bytes.count)
    }

    /// Hands over all bytes, in order.
    mutating func take() -> ArrowBuffer {
        defer { self = ArrowOutputQueue() }
        if large.isEmpty { return small.buffer() }
        let joined = ArrowMemory(capacity: byteCount)
        var position = 0
        for (end, buffer) in large {
            joined.append(small.base + position, count: end - position)
            buffer.withUnsafeBytes { bytes in
                if let base = bytes.baseAddress { joined.append(base, count: bytes.count) }
            }
            position = end
        }
        joined.append(small.base + position, count: small.count - position)
        return joined.buffer()
    }
}
