internal import Crypto
internal import CryptoExtras
internal import Foundation
package import MarbleFlight

/// A password as scrypt (RFC 7914) keeps it: `scrypt:LOG2N:R:P:SALT:HASH`, salt and hash in base64.
package struct PasswordHash: Sendable, Equatable {
    private static let byteCount = 32
    private static let saltByteCount = 16

    /// How much work it is: 2ᵏ rounds.
    private let roundsExponent: Int
    private let blockSize: Int
    private let parallelism: Int
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// Hashes a new password, with the work that RFC 7914 suggests for logins. Slow, on purpose.
    package init(of password: String) throws(FlightError) {
        var generator = SystemRandomNumberGenerator()
        roundsExponent = 14
        blockSize = 8
        parallelism = 1
        salt = (0..<Self.saltByteCount).map { _ in .random(in: .min ... .max, using: &generator) }
        hash = try Self.derive(
            password, salt, exponent: roundsExponent, blockSize: blockSize,
            parallelism: parallelism)
    }

    /// - Returns: `nil` for text of another form, and for more work than a node should do.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "scrypt", let exponent = Int(parts[1]),
            let blockSize = Int(parts[2]), let parallelism = Int(parts[3]),
            (10...20).contains(exponent), (1...16).contains(blockSize),
            (1...4).contains(parallelism), let salt = Base64.decode(parts[4]),
            let hash = Base64.decode(parts[5]), hash.count == Self.byteCount, salt.count >= 8
        else { return nil }
        roundsExponent = exponent
        self.blockSize = blockSize
        self.parallelism = parallelism
        self.salt = salt
        self.hash = hash
    }

    package var text: String {
        "scrypt:\(roundsExponent):\(blockSize):\(parallelism):\(Base64.encode(salt)):\(Base64.encode(hash))"
    }

    /// Says which password it is, for what is bound to it.
    var fingerprint: [UInt8] { Array(SHA256.hash(data: salt + hash).prefix(8)) }

    /// Slow, on purpose.
    func matches(_ password: String) -> Bool {
        let derived = try? Self.derive(
            password, salt, exponent: roundsExponent, blockSize: blockSize,
            parallelism: parallelism)
        return ConstantTime.equal(derived ?? [], hash)
    }

    private static func derive(
        _ password: String, _ salt: [UInt8], exponent: Int, blockSize: Int, parallelism: Int
    ) throws(FlightError) -> [UInt8] {
        do {
            let key = try KDF.Scrypt.deriveKey(
                from: Array(password.utf8), salt: salt, outputByteCount: byteCount,
                rounds: 1 << exponent, blockSize: blockSize, parallelism: parallelism)
            return key.withUnsafeBytes { Array($0) }
        } catch {
            throw FlightError(.internal, "the password can't be hashed: \(error)", cause: error)
        }
    }
}
