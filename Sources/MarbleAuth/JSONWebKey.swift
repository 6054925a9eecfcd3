internal import JWTKit
internal import MarbleFlight

/// One key of a JSON Web Key Set, as it is written there (RFC 7517, 4; RFC 7518, 6; RFC 8037, 2).
struct JSONWebKey: Decodable {
    /// What keeps a key from being used. It says nothing of the key that is secret.
    struct Unusable: Error {
        let reason: String
    }

    enum CodingKeys: String, CodingKey {
        case type = "kty"
        case identifier = "kid"
        case use
        case operations = "key_ops"
        case algorithm = "alg"
        case curve = "crv"
        case modulus = "n"
        case exponent = "e"
        case x
        case y
        case secret = "k"
    }

    private static let digests: [Substring: DigestAlgorithm] = [
        "256": .sha256, "384": .sha384, "512": .sha512,
    ]
    private static let curveAlgorithms = ["P-256": "ES256", "P-384": "ES384", "P-521": "ES512"]

    let type: String
    let identifier: String?
    let use: String?
    let operations: [String]?
    let algorithm: String?
    let curve: String?
    let modulus: String?
    let exponent: String?
    let x: String?
    let y: String?
    let secret: String?

    /// The key in the form that checks signatures. Without `alg`, the type or the curve says which.
    func signatureKey() throws(Unusable) -> JWTKey {
        if let use, use != "sig" { throw Unusable(reason: "its use is \(use), not sig") }
        if let operations, !operations.contains("verify") {
            throw Unusable(reason: "its key_ops don't have verify")
        }
        switch type {
        case "RSA": return try rsaKey()
        case "EC": return try ellipticKey()
        case "OKP": return try edwardsKey()
        case "oct": return try symmetricKey()
        default: throw Unusable(reason: "its kty \(type) is none of RSA, EC, OKP and oct")
        }
    }

    private func rsaKey() throws(Unusable) -> JWTKey {
        let algorithm = algorithm ?? "RS256"
        let family = algorithm.prefix(2)
        guard family == "RS" || family == "PS",
            let digest = Self.digests[algorithm.dropFirst(2)]
        else { throw wrong(algorithm) }
        guard let modulus, let exponent,
            let key = try? Insecure.RSA.PublicKey(modulus: modulus, exponent: exponent)
        else {
            throw Unusable(reason: "its n and e make no RSA key of 2048 bits or more")
        }
        return family == "RS" ? .rsa(key, digest) : .pss(key, digest)
    }

    private func ellipticKey() throws(Unusable) -> JWTKey {
        guard let curve, let expected = Self.curveAlgorithms[curve] else {
            throw Unusable(reason: "its crv is none of P-256, P-384 and P-521")
        }
        if let algorithm, algorithm != expected { throw wrong(algorithm) }
        let point: ECDSAParameters = (x ?? "", y ?? "")
        let key: (any ECDSAKey)? =
            switch expected {
            case "ES256": try? ES256PublicKey(parameters: point)
            case "ES384": try? ES384PublicKey(parameters: point)
            default: try? ES512PublicKey(parameters: point)
            }
        guard let key else { throw Unusable(reason: "its x and y make no point of \(curve)") }
        return .ecdsa(key)
    }

    private func edwardsKey() throws(Unusable) -> JWTKey {
        guard curve == "Ed25519" else { throw Unusable(reason: "its crv isn't Ed25519") }
        if let algorithm, algorithm != "EdDSA", algorithm != "Ed25519" { throw wrong(algorithm) }
        guard let x, let key = try? EdDSA.PublicKey(x: x, curve: .ed25519) else {
            throw Unusable(reason: "its x makes no point of Ed25519")
        }
        return .eddsa(key)
    }

    private func symmetricKey() throws(Unusable) -> JWTKey {
        let algorithm = algorithm ?? "HS256"
        let bits = algorithm.dropFirst(2)
        guard algorithm.hasPrefix("HS"), let digest = Self.digests[bits],
            let bitCount = Int(bits)
        else { throw wrong(algorithm) }
        // RFC 7518, 3.2: as long as the digest, at least.
        let byteCountMin = bitCount / 8
        guard let secret, let bytes = Base64.decode(secret), bytes.count >= byteCountMin else {
            throw Unusable(
                reason: "its k isn't base64 of \(byteCountMin) bytes or more, for \(algorithm)")
        }
        return .hmac(HMACKey(from: bytes), digest)
    }

    private func wrong(_ algorithm: String) -> Unusable {
        Unusable(reason: "its alg \(algorithm) isn't one that signs with a key like this")
    }
}
