/// Stands before the records of one write and sync.
///
/// A batch is begun only after the one before is durable. So where a batch doesn't check out, a
/// later one's header shows that synced bytes have changed; its checksum depends on nothing but
/// the segment, so that it can be recognised on its own.
struct BatchHeader: Equatable {
    var sequence: UInt64
    /// Where in the file this header lies.
    var offset: UInt64
    /// Of the records.
    var byteCount: UInt64
    var recordCount: UInt32
    /// The chain's value before the first record and after the last.
    var previousChain: UInt32
    var chain: UInt32

    func encode(to target: UnsafeMutableRawPointer, salt: UInt32) {
        target.store(LogFormat.batchMagic, at: 4)
        target.store(sequence, at: 8)
        target.store(offset, at: 16)
        target.store(byteCount, at: 24)
        target.store(recordCount, at: 32)
        target.store(previousChain, at: 36)
        target.store(chain, at: 40)
        target.store(UInt32(0), at: 44)
        target.store(
            CRC32C.checksum(
                target + 4, byteCount: LogFormat.batchHeaderByteCount - 4, continuing: salt), at: 0)
    }

    /// The header at `offset`, or nil when there is none.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, salt: UInt32
    ) -> BatchHeader? {
        guard offset >= 0, bytes.count - offset >= LogFormat.batchHeaderByteCount,
            bytes.word32(offset + 4) == LogFormat.batchMagic
        else { return nil }
        let covered = UnsafeRawBufferPointer(
            rebasing: bytes[offset + 4..<offset + LogFormat.batchHeaderByteCount])
        guard bytes.word32(offset) == CRC32C.checksum(covered, continuing: salt),
            bytes.word64(offset + 16) == UInt64(offset)
        else { return nil }
        return BatchHeader(
            sequence: bytes.word64(offset + 8), offset: UInt64(offset),
            byteCount: bytes.word64(offset + 24), recordCount: bytes.word32(offset + 32),
            previousChain: bytes.word32(offset + 36), chain: bytes.word32(offset + 40))
    }
}
