import Testing

@testable import MarbleArrow

@Suite struct UTF8CheckTests {
    private func isValid(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { UTF8Check.isValid($0) }
    }

    @Test func `every sequence of up to three interesting bytes is judged as the library does`() {
        let bytes: [UInt8] = [
            0, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
            0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        var wrong = 0
        for first in bytes {
            for second in bytes {
                for third in bytes {
                    for text in [[first], [first, second], [first, second, third]] {
                        let known = String(validating: text, as: UTF8.self) != nil
                        if isValid(text) != known { wrong += 1 }
                        let longer = text + [0x80, 0xBF]
                        let longerKnown = String(validating: longer, as: UTF8.self) != nil
                        if isValid(longer) != longerKnown { wrong += 1 }
                    }
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test func `a bad byte is found wherever it stands in a long text`() {
        for count in [1, 7, 8, 9, 63, 64, 65, 200] {
            let text = [UInt8](repeating: 0x61, count: count)
            #expect(text.withUnsafeBytes { UTF8Check.isASCII($0) })
            #expect(isValid(text))
            for position in 0..<count {
                var bad = text
                bad[position] = 0x80
                #expect(!bad.withUnsafeBytes { UTF8Check.isASCII($0) })
                #expect(!isValid(bad))
            }
        }
        #expect(isValid(Array(String(repeating: "aä漢🦀bcdefghijk", count: 20).utf8)))
        #expect(isValid([]))
    }
}
