import CryptoExtras
import Foundation
import JWTKit
import MarbleFlight
import TestLog
import Testing

@testable import MarbleAuth

/// JSON web tokens of an issuer whose keys the authenticator has.
@Suite(.timeLimit(.minutes(5)))
struct WebTokenTests: AuthenticatorSuite {
    let directory = Self.newDirectory()
    private let log = CapturedLog()

    private struct Payload: JWTPayload {
        var sub: String? = "ann"
        var exp: Double? = Date().timeIntervalSince1970 + 600
        var nbf: Double?
        var iss: String? = "issuer"
        var aud: [String]? = ["marble", "other"]
        var role: String? = "writer"
        var roles: [String]?

        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    /// With one text where there may be several.
    private struct SimplePayload: JWTPayload {
        var sub = "ann"
        var exp = Date().timeIntervalSince1970 + 600
        var iss = "issuer"
        var aud = "marble"
        var roles = "admin"

        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    private func withIssuer(
        _ keys: String, _ body: (MarbleAuthenticator) async throws -> Void
    ) async throws {
        try await withAuthenticator(
            "", logger: log.logger,
            configure: {
                $0.jwt = AuthConfiguration.JWT(
                    keysPath: try write(keys, "keys"), issuer: "issuer", audience: "marble")
            }, body)
    }

    private func rsaKey() throws -> JWTKit.Insecure.RSA.PrivateKey {
        try JWTKit.Insecure.RSA.PrivateKey(backing: .init(keySize: .bits2048))
    }

    // MARK: Keys

    @Test func `a public key in PEM is for the algorithm of its kind`() async throws {
        let (p256, p384, p521) = (ES256PrivateKey(), ES384PrivateKey(), ES512PrivateKey())
        let rsa = try rsaKey()
        let signers = JWTKeyCollection()
        await signers.add(ecdsa: p256, kid: "ES256")
        await signers.add(ecdsa: p384, kid: "ES384")
        await signers.add(ecdsa: p521, kid: "ES512")
        await signers.add(rsa: rsa, digestAlgorithm: .sha256, kid: "RS256")
        let cases: [(String, JWKIdentifier)] = [
            (p256.publicKey.pemRepresentation, "ES256"),
            (p384.publicKey.pemRepresentation, "ES384"),
            (p521.publicKey.pemRepresentation, "ES512"),
            (rsa.publicKey.pemRepresentation, "RS256"),
        ]
        for (keys, signer) in cases {
            let token = try await signers.sign(Payload(), kid: signer)
            try await withIssuer(keys) {
                #expect(await outcome($0, "Bearer \(token)") == "ann writer", "\(signer)")
            }
        }
    }

    @Test func `each algorithm's tokens are taken by its key, and by no other`() async throws {
        let rsa = try rsaKey()
        let secret = (0..<64).map { UInt8($0) }
        let (p256, p384, p521) = (ES256PrivateKey(), ES384PrivateKey(), ES512PrivateKey())
        let edwards = try EdDSA.PrivateKey()
        var keys = [
            "ES256": p256.jwk(["alg": "ES256"]), "ES384": p384.jwk(["alg": "ES384"]),
            "ES512": p521.jwk(["alg": "ES512"]), "EdDSA": edwards.jwk(["alg": "EdDSA"]),
        ]
        let signers = JWTKeyCollection()
        await signers.add(ecdsa: p256, kid: "ES256")
        await signers.add(ecdsa: p384, kid: "ES384")
        await signers.add(ecdsa: p521, kid: "ES512")
        await signers.add(eddsa: edwards, kid: "EdDSA")
        let digests: [(String, DigestAlgorithm)] = [
            ("256", .sha256), ("384", .sha384), ("512", .sha512),
        ]
        for (bits, digest) in digests {
            keys["RS\(bits)"] = try rsa.jwk(["alg": "RS\(bits)"])
            keys["PS\(bits)"] = try rsa.jwk(["alg": "PS\(bits)"])
            keys["HS\(bits)"] = JWKText.secret(secret, ["alg": "HS\(bits)"])
            await signers.add(
                rsa: rsa, digestAlgorithm: digest, kid: JWKIdentifier(string: "RS\(bits)"))
            await signers.add(
                pss: rsa, digestAlgorithm: digest, kid: JWKIdentifier(string: "PS\(bits)"))
            await signers.add(
                hmac: HMACKey(from: secret), digestAlgorithm: digest,
                kid: JWKIdentifier(string: "HS\(bits)"))
        }
        var tokens: [String: String] = [:]
        for name in keys.keys {
            tokens[name] = try await signers.sign(Payload(), kid: JWKIdentifier(string: name))
        }
        for (name, key) in keys {
            try await withIssuer(JWKText.set([key])) {
                for (other, token) in tokens {
                    let answer = await outcome($0, "Bearer \(token)")
                    #expect(
                        (answer == "ann writer") == (other == name),
                        "\(other) to a key of \(name): \(answer)")
                }
            }
        }
    }

    @Test
    func `of an identity provider's set the keys for signatures are used, the others logged`()
        async throws
    {
        let rsa = try (0..<3).map { _ in try rsaKey() }
        let (p256, p384, p521) = (ES256PrivateKey(), ES384PrivateKey(), ES512PrivateKey())
        let agreement = ES256PrivateKey()
        let set = JWKText.set([
            try rsa[0].jwk(["kid": "encrypts", "use": "enc", "alg": "RSA-OAEP-256"]),
            try rsa[1].jwk(["kid": "rsa", "use": "sig", "alg": "RS256"]),
            try rsa[2].jwk(["kid": "nameless rsa"]),
            p256.jwk(["kid": "p256", "use": "sig"]), p384.jwk(["kid": "p384"]),
            p521.jwk(["kid": "p521"]), agreement.jwk(["kid": "agrees", "alg": "ECDH-ES"]),
            JWKText.key(["kty": "AKP", "kid": "newer", "alg": "ML-DSA-44", "pub": "AA"], [:]),
        ])
        let signers = JWTKeyCollection()
        await signers.add(rsa: rsa[0], digestAlgorithm: .sha256, kid: "encrypts")
        await signers.add(rsa: rsa[1], digestAlgorithm: .sha256, kid: "rsa")
        await signers.add(rsa: rsa[2], digestAlgorithm: .sha256, kid: "nameless rsa")
        await signers.add(ecdsa: p256, kid: "p256")
        await signers.add(ecdsa: p384, kid: "p384")
        await signers.add(ecdsa: p521, kid: "p521")
        await signers.add(ecdsa: agreement, kid: "agrees")
        try await withIssuer(set) {
            for kid: JWKIdentifier in ["rsa", "nameless rsa", "p256", "p384", "p521"] {
                let token = try await signers.sign(Payload(), kid: kid)
                #expect(await outcome($0, "Bearer \(token)") == "ann writer", "\(kid)")
            }
            for kid: JWKIdentifier in ["encrypts", "agrees"] {
                let token = try await signers.sign(Payload(), kid: kid)
                #expect(await outcome($0, "Bearer \(token)").hasPrefix("UNAUTHENTICATED"), "\(kid)")
            }
        }
        // Once, however many tokens came.
        let unused = log.lines.filter { $0.contains("isn't used") }
        #expect(unused.count == 3)
        for (name, reason) in [
            ("encrypts", "use is enc"), ("agrees", "alg ECDH-ES"), ("newer", "kty AKP"),
        ] {
            #expect(unused.contains { $0.contains(name) && $0.contains(reason) }, "\(unused)")
        }
    }

    @Test func `keys with the same identifier, and without one, are all used`() async throws {
        let keys = (0..<5).map { _ in ES256PrivateKey() }
        let set = JWKText.set([
            keys[0].jwk(["kid": "same"]), keys[1].jwk(["kid": "same"]), keys[2].jwk([:]),
            keys[3].jwk([:]), keys[4].jwk(["kid": "same, key 2"]),
        ])
        try await withIssuer(set) {
            for key in keys {
                let signers = JWTKeyCollection()
                await signers.add(ecdsa: key, kid: "same")
                let token = try await signers.sign(Payload(), kid: "same")
                #expect(await outcome($0, "Bearer \(token)") == "ann writer")
            }
        }
    }

    @Test func `keys are exchanged while tokens come`() async throws {
        let (old, new) = (ES256PrivateKey(), ES384PrivateKey())
        let signers = JWTKeyCollection()
        await signers.add(ecdsa: old, kid: "old")
        await signers.add(ecdsa: new, kid: "new")
        let before = "Bearer " + (try await signers.sign(Payload(), kid: "old"))
        let after = "Bearer " + (try await signers.sign(Payload(), kid: "new"))
        let (oldKey, newKey) = (old.jwk(["kid": "old"]), new.jwk(["kid": "new"]))
        try await withIssuer(JWKText.set([oldKey])) { authenticator in
            #expect(await outcome(authenticator, before) == "ann writer")
            #expect(await outcome(authenticator, after).hasPrefix("UNAUTHENTICATED"))
            let revision = authenticator.revision
            _ = try write(JWKText.set([oldKey, newKey]), "keys")
            try await eventually { await outcome(authenticator, after) == "ann writer" }
            #expect(await outcome(authenticator, before) == "ann writer")
            _ = try write(JWKText.set([newKey]), "keys")
            try await eventually {
                await outcome(authenticator, before).hasPrefix("UNAUTHENTICATED")
            }
            #expect(await outcome(authenticator, after) == "ann writer")
            // So that connections ask again who speaks on them.
            #expect(authenticator.revision != revision)
            _ = try write(JWKText.set([#"{"kty": "AKP"}"#]), "keys")
            try await eventually {
                log.lines.contains { $0.hasPrefix("error") && $0.contains("holds no key that") }
            }
            #expect(await outcome(authenticator, after) == "ann writer")
        }
    }

    // MARK: Tokens

    @Test func `a web token that doesn't fit is refused with the claim`() async throws {
        let key = ES256PrivateKey()
        let signers = JWTKeyCollection()
        await signers.add(ecdsa: key)
        let now = Date().timeIntervalSince1970
        let cases: [(Payload, String)] = [
            (Payload(exp: now - 31), "it has expired"), (Payload(exp: nil), "it has no exp"),
            (Payload(nbf: now + 600), "nbf"), (Payload(iss: "another"), "its iss isn't issuer"),
            (Payload(aud: ["other"]), "its aud isn't marble"), (Payload(aud: []), "its aud"),
            (Payload(sub: nil), "no sub"), (Payload(role: "peer"), "its role"),
            (Payload(role: nil), "its role"), (Payload(role: nil, roles: []), "its role"),
            (Payload(role: nil, roles: ["peer", "king"]), "its role"),
        ]
        try await withIssuer(key.publicKey.pemRepresentation) {
            for (payload, reason) in cases {
                let token = try await signers.sign(payload)
                let answer = await outcome($0, "Bearer \(token)")
                #expect(answer.hasPrefix("UNAUTHENTICATED: the JSON web token isn't accepted"))
                #expect(answer.contains(reason), "\(answer)")
            }
            // Within the leeway.
            let late = try await signers.sign(Payload(exp: now - 5))
            #expect(await outcome($0, "Bearer \(late)") == "ann writer")
        }
    }

    @Test func `the highest of a web token's roles counts, and never makes a peer`() async throws {
        let key = ES256PrivateKey()
        let signers = JWTKeyCollection()
        await signers.add(ecdsa: key)
        let cases: [(Payload, String)] = [
            (Payload(role: nil, roles: ["reader"]), "ann reader"),
            (Payload(role: nil, roles: ["reader", "admin", "writer"]), "ann admin"),
            (Payload(role: nil, roles: ["offline_access", "reader"]), "ann reader"),
            (Payload(role: nil, roles: ["peer", "writer"]), "ann writer"),
            (Payload(role: "reader", roles: ["writer"]), "ann writer"),
            (Payload(role: "admin", roles: ["writer"]), "ann admin"),
        ]
        try await withIssuer(key.publicKey.pemRepresentation) {
            for (payload, expected) in cases {
                let token = try await signers.sign(payload)
                #expect(await outcome($0, "Bearer \(token)") == expected)
            }
            let simple = try await signers.sign(SimplePayload())
            #expect(await outcome($0, "Bearer \(simple)") == "ann admin")
        }
    }

    @Test func `forged web tokens are refused`() async throws {
        let key = ES256PrivateKey()
        let pem = key.publicKey.pemRepresentation
        let forger = JWTKeyCollection()
        await forger.add(ecdsa: ES256PrivateKey(), kid: "stranger")
        // The public key as the secret of HS256: what a verifier that trusts the header would take.
        await forger.add(hmac: HMACKey(from: pem), digestAlgorithm: .sha256, kid: "confusion")
        try await withIssuer(pem) {
            for kid: JWKIdentifier in ["stranger", "confusion"] {
                let token = try await forger.sign(Payload(), kid: kid)
                #expect(
                    await outcome($0, "Bearer \(token)").contains("its signature isn't of a key"),
                    "\(kid)")
            }
            for garbage in ["a.b.c", "..", "eyJhbGciOiJub25lIn0.e30.", "\u{0}.\u{0}.\u{0}"] {
                #expect(await outcome($0, "Bearer \(garbage)").hasPrefix("UNAUTHENTICATED"))
            }
        }
    }
}
