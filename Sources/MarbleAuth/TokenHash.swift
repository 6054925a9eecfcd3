internal import Crypto
internal import MarbleFlight

/// The SHA-256 of a token. Tokens are 256 random bits, so that a fast hash is enough: nobody can try them.
package struct TokenHash: Sendable {
    private let bytes: [UInt8]

    /// Draws a new token; it is kept nowhere.
    package static func makeToken() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return "marble_" + bytes.hexadecimal
    }

    package init(of token: some StringProtocol) {
        bytes = Array(SHA256.hash(data: Array(token.utf8)))
    }

    /// `sha256:` and 64 hexadecimal digits.
    package init?(_ text: String) {
        guard text.hasPrefix("sha256:"), let bytes = [UInt8](hexadecimal: text.dropFirst(7)),
            bytes.count == SHA256.byteCount
        else { return nil }
        self.bytes = bytes
    }

    package var text: String { "sha256:" + bytes.hexadecimal }

    func equals(_ other: TokenHash) -> Bool { ConstantTime.equal(bytes, other.bytes) }
}

extension [UInt8] {
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    init?(hexadecimal text: Substring) {
        let digits = text.utf8.compactMap { character -> UInt8? in
            Character(UnicodeScalar(character)).hexDigitValue.map { UInt8($0) }
        }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
