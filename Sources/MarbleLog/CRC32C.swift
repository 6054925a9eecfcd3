internal import CMarbleCRC

/// CRC32C (Castagnoli), by the processor's instructions where it has them.
package enum CRC32C {
    /// - Parameter seed: 0, or the checksum of the bytes before these.
    @inline(__always)
    package static func checksum(_ bytes: UnsafeRawBufferPointer, continuing seed: UInt32 = 0)
        -> UInt32
    {
        marble_crc32c(seed, bytes.baseAddress, bytes.count)
    }

    @inline(__always)
    static func checksum(
        _ start: UnsafeRawPointer, byteCount: Int, continuing seed: UInt32 = 0
    ) -> UInt32 {
        marble_crc32c(seed, start, byteCount)
    }

    /// The checksum of a number's eight bytes, little-endian.
    static func checksum(of number: UInt64, continuing seed: UInt32 = 0) -> UInt32 {
        var bytes = number.littleEndian
        return withUnsafeBytes(of: &bytes) { checksum($0, continuing: seed) }
    }

    /// The checksum of a number's four bytes, little-endian.
    @inline(__always)
    static func checksum(of number: UInt32, continuing seed: UInt32) -> UInt32 {
        var bytes = number.littleEndian
        return marble_crc32c(seed, &bytes, 4)
    }
}
