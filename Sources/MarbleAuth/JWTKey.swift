internal import JWTKit

/// A key with the one algorithm that it is for, so that a token can't choose another.
enum JWTKey: Sendable {
    /// RSASSA-PKCS1-v1_5.
    case rsa(Insecure.RSA.PublicKey, DigestAlgorithm)
    /// RSASSA-PSS.
    case pss(Insecure.RSA.PublicKey, DigestAlgorithm)
    /// ECDSA with the hash that belongs to the key's curve.
    case ecdsa(any ECDSAKey)
    case eddsa(EdDSA.PublicKey)
    case hmac(HMACKey, DigestAlgorithm)

    /// A public key of RSA (for RS256), P-256, P-384 or P-521.
    init(pem text: String) throws {
        if let key = try? ES256PublicKey(pem: text) {
            self = .ecdsa(key)
        } else if let key = try? ES384PublicKey(pem: text) {
            self = .ecdsa(key)
        } else if let key = try? ES512PublicKey(pem: text) {
            self = .ecdsa(key)
        } else {
            self = .rsa(try Insecure.RSA.PublicKey(pem: text), .sha256)
        }
    }

    func add(to collection: JWTKeyCollection, _ identifier: JWKIdentifier?) async {
        switch self {
        case .rsa(let key, let digest):
            await collection.add(rsa: key, digestAlgorithm: digest, kid: identifier)
        case .pss(let key, let digest):
            await collection.add(pss: key, digestAlgorithm: digest, kid: identifier)
        case .ecdsa(let key):
            await collection.add(ecdsa: key, kid: identifier)
        case .eddsa(let key):
            await collection.add(eddsa: key, kid: identifier)
        case .hmac(let key, let digest):
            await collection.add(hmac: key, digestAlgorithm: digest, kid: identifier)
        }
    }
}
