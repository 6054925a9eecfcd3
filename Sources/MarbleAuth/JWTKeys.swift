internal import Foundation
internal import JWTKit
internal import MarbleFlight

/// The keys that tokens may be signed with. Each is for one algorithm, so that a token can't choose another.
struct JWTKeys: Sendable {
    private enum Key: Sendable {
        case hmac(HMACKey, DigestAlgorithm, JWKIdentifier)
        case jwk(JWK)
        case ecdsa256(ES256PublicKey)
        case ecdsa384(ES384PublicKey)
        case rsa(Insecure.RSA.PublicKey)
    }

    private var keys: [Key] = []

    /// - Parameters:
    ///   - text: a public key in PEM or a JSON Web Key Set.
    ///   - path: for messages.
    /// - Throws: `FAILED_PRECONDITION` that says what can't be used.
    init(_ text: String, path: String) throws(FlightError) {
        do {
            keys = text.contains("-----BEGIN") ? [try Self.pem(text)] : try Self.set(text)
        } catch {
            throw FlightError(
                .failedPrecondition,
                "\(path) holds neither a public key in PEM (RSA, P-256, P-384) nor a JSON Web Key"
                    + " Set: \(error)", cause: error)
        }
        guard !keys.isEmpty else {
            throw FlightError(.failedPrecondition, "\(path) holds no keys")
        }
    }

    func collection() async throws -> JWTKeyCollection {
        let collection = JWTKeyCollection()
        for key in keys {
            switch key {
            case .hmac(let key, let algorithm, let identifier):
                await collection.add(hmac: key, digestAlgorithm: algorithm, kid: identifier)
            case .jwk(let key): try await collection.add(jwk: key)
            case .ecdsa256(let key): await collection.add(ecdsa: key)
            case .ecdsa384(let key): await collection.add(ecdsa: key)
            case .rsa(let key): await collection.add(rsa: key, digestAlgorithm: .sha256)
            }
        }
        return collection
    }

    private static func pem(_ text: String) throws -> Key {
        if let key = try? ES256PublicKey(pem: text) { return .ecdsa256(key) }
        if let key = try? ES384PublicKey(pem: text) { return .ecdsa384(key) }
        return .rsa(try Insecure.RSA.PublicKey(pem: text))
    }

    private static func set(_ text: String) throws -> [Key] {
        let set = try JSONDecoder().decode(KeySet.self, from: Data(text.utf8))
        return try set.keys.enumerated().map { index, entry in
            let identifier = JWKIdentifier(string: entry.identifier ?? "key \(index)")
            if let secret = entry.secret {
                guard let bytes = Base64.decode(secret), bytes.count >= 32 else {
                    throw Unusable("a symmetric key (k) has fewer than 32 bytes, or isn't base64")
                }
                let algorithms: [String: DigestAlgorithm] = [
                    "HS256": .sha256, "HS384": .sha384, "HS512": .sha512,
                ]
                guard let algorithm = algorithms[entry.algorithm ?? "HS256"] else {
                    throw Unusable("alg \(entry.algorithm ?? "") isn't one of symmetric keys")
                }
                return .hmac(HMACKey(from: bytes), algorithm, identifier)
            }
            guard var key = entry.key else { throw Unusable("a key has no k, n or x") }
            key.keyIdentifier = identifier
            key.algorithm = key.algorithm ?? (key.keyType == .rsa ? .rs256 : .es256)
            return .jwk(key)
        }
    }

    private struct Unusable: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private struct KeySet: Decodable {
        var keys: [Entry]

        struct Entry: Decodable {
            var identifier: String?
            var algorithm: String?
            var secret: String?
            var key: JWK?

            private enum CodingKeys: String, CodingKey {
                case type = "kty"
                case identifier = "kid"
                case algorithm = "alg"
                case secret = "k"
            }

            init(from decoder: any Decoder) throws {
                let values = try decoder.container(keyedBy: CodingKeys.self)
                identifier = try values.decodeIfPresent(String.self, forKey: .identifier)
                if try values.decode(String.self, forKey: .type) == "oct" {
                    algorithm = try values.decodeIfPresent(String.self, forKey: .algorithm)
                    secret = try values.decode(String.self, forKey: .secret)
                } else {
                    key = try JWK(from: decoder)
                }
            }
        }
    }
}
