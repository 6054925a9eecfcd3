import MarbleFlight
import Testing

struct ConstantTimeTests {
    @Test func `only the same bytes are equal`() {
        let secret: [UInt8] = [0, 1, 127, 255]
        #expect(ConstantTime.equal(secret, secret))
        #expect(ConstantTime.equal(secret, [9, 0, 1, 127, 255].dropFirst()))
        #expect(ConstantTime.equal([UInt8](), []))
        for position in secret.indices {
            for bit in 0..<8 {
                var other = secret
                other[position] ^= 1 << bit
                #expect(!ConstantTime.equal(secret, other))
            }
        }
        for other in [[], [0], [0, 1, 127], [0, 1, 127, 255, 0]] as [[UInt8]] {
            #expect(!ConstantTime.equal(secret, other))
            #expect(!ConstantTime.equal(other, secret))
        }
    }

    @Test func `texts are equal by their bytes`() {
        #expect(ConstantTime.equal("Bearer ü", "Bearer ü"))
        #expect(ConstantTime.equal("", ""))
        #expect(!ConstantTime.equal("Bearer x", "bearer x"))
        #expect(!ConstantTime.equal("", "x"))
        // The same characters, composed in two ways.
        #expect(!ConstantTime.equal("\u{FC}", "u\u{308}"))
    }
}
