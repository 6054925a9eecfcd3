import Testing

@testable import MarbleArrow

@Suite struct ArrowBitmapTests {
    @Test func `set bits are counted from any bit to any other`() {
        var random = FixedRandom(state: 1)
        let bytes = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
        let bits = (0..<320).map { bytes[$0 / 8] >> UInt8($0 % 8) & 1 != 0 }
        for offset in 0..<70 {
            for count in [0, 1, 7, 8, 9, 63, 64, 65, 128, 200, 250] {
                let expected = bits[offset..<offset + count].count { $0 }
                bytes.withUnsafeBytes { bytes in
                    #expect(
                        ArrowBitmap.setBitCount(bytes.baseAddress!, offset: offset, count: count)
                            == expected)
                }
            }
        }
    }

    @Test func `bits are copied from any bit to any other`() {
        var random = FixedRandom(state: 2)
        let source = (0..<20).map { _ in UInt8.random(in: 0...255, using: &random) }
        for offset in [0, 1, 7, 8, 13, 16] {
            for target in [0, 1, 7, 8, 13, 16] {
                for count in [0, 1, 7, 8, 9, 64, 100] {
                    var copy = [UInt8](repeating: 0, count: 20)
                    source.withUnsafeBytes { source in
                        copy.withUnsafeMutableBytes { copy in
                            ArrowBitmap.copy(
                                from: source.baseAddress!, offset: offset, to: copy.baseAddress!,
                                offset: target, count: count)
                        }
                    }
                    let isSame = (0..<160).allSatisfy { bit in
                        let isSet = copy[bit / 8] >> UInt8(bit % 8) & 1 != 0
                        guard bit >= target && bit < target + count else { return !isSet }
                        let from = bit - target + offset
                        return isSet == (source[from / 8] >> UInt8(from % 8) & 1 != 0)
                    }
                    #expect(isSame, "\(count) bits from \(offset) to \(target)")
                }
            }
        }
    }
}
