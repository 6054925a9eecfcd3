import CMarbleCRC
import MarbleEnvironment
import MarbleLog
import Testing

@Suite("CRC32C")
struct CRC32CTests {
    @Test("of RFC 3720's examples is what the RFC says")
    func published() {
        #expect(Array("123456789".utf8).withUnsafeBytes { CRC32C.checksum($0) } == 0xE306_9283)
        #expect(
            [UInt8](repeating: 0, count: 32).withUnsafeBytes { CRC32C.checksum($0) } == 0x8A91_36AA)
        #expect(
            [UInt8](repeating: 0xFF, count: 32).withUnsafeBytes { CRC32C.checksum($0) }
                == 0x62A8_AB43)
        #expect([UInt8]((0..<32)).withUnsafeBytes { CRC32C.checksum($0) } == 0x46DD_794E)
        #expect(CRC32C.checksum(UnsafeRawBufferPointer(start: nil, count: 0), continuing: 5) == 5)
    }

    @Test("is the same with and without the processor's instructions, at every length and split")
    func portable() {
        var random = SplitMix64(seed: 1)
        let bytes = (0..<300).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        bytes.withUnsafeBytes { bytes in
            for count in 0...300 {
                let part = UnsafeRawBufferPointer(rebasing: bytes[..<count])
                let whole = CRC32C.checksum(part)
                #expect(marble_crc32c_portable(0, part.baseAddress, count) == whole)
                let split = count / 3
                let start = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: part[..<split]))
                let rest = UnsafeRawBufferPointer(rebasing: part[split...])
                #expect(CRC32C.checksum(rest, continuing: start) == whole)
            }
        }
    }
}
