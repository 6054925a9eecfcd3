internal import Crypto
internal import Foundation
internal import MarbleFlight

/// Tokens for those who have logged in with a password. Nothing is kept of them: each says whose it is, of which
/// password and until when, signed (HMAC-SHA256) with a key that only nodes have.
struct SessionTokens: Sendable {
    struct Session {
        var user: String
        /// ``PasswordHash/fingerprint``: another password ends the sessions of the one before.
        var passwordFingerprint: [UInt8]
        var expiry: Date
    }

    static let prefix = "marble-session_"
    private static let fingerprintByteCount = 8

    private let key: SymmetricKey

    /// With a key of this process.
    init() { key = SymmetricKey(size: .bits256) }

    init(key: [UInt8]) { self.key = SymmetricKey(data: SHA256.hash(data: key)) }

    func make(_ session: Session) -> String {
        var content = session.passwordFingerprint
        let seconds = UInt64(max(session.expiry.timeIntervalSince1970, 0))
        for shift in stride(from: 56, through: 0, by: -8) {
            content.append(UInt8(truncatingIfNeeded: seconds >> UInt64(shift)))
        }
        content.append(contentsOf: session.user.utf8)
        let signature = Array(HMAC<SHA256>.authenticationCode(for: content, using: key))
        return Self.prefix + Base64.encode(content) + "." + Base64.encode(signature)
    }

    /// - Returns: `nil` for what isn't signed by this key. The expiry isn't checked.
    func read(_ token: Substring) -> Session? {
        let parts = token.dropFirst(Self.prefix.count).split(separator: ".")
        guard token.hasPrefix(Self.prefix), parts.count == 2,
            let content = Base64.decode(String(parts[0])),
            let signature = Base64.decode(String(parts[1])),
            HMAC<SHA256>.isValidAuthenticationCode(
                signature, authenticating: content, using: key),
            content.count > Self.fingerprintByteCount + 8
        else { return nil }
        let times = content[Self.fingerprintByteCount..<Self.fingerprintByteCount + 8]
        let seconds = times.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Session(
            user: String(decoding: content[(Self.fingerprintByteCount + 8)...], as: UTF8.self),
            passwordFingerprint: Array(content[..<Self.fingerprintByteCount]),
            expiry: Date(timeIntervalSince1970: Double(seconds)))
    }
}
