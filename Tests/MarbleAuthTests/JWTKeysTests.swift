import Foundation
import JWTKit
import MarbleFlight
import TestLog
import Testing

@testable import MarbleAuth

struct JWTKeysTests {
    private let log = CapturedLog()

    private func refusal(_ text: String) -> FlightError? {
        do throws(FlightError) {
            _ = try JWTKeys(text, path: "keys.json", logger: log.logger)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        (#"{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}"#, "kty AKP is none of"),
        (#"{"kty": "RSA", "use": "enc", "n": "AA", "e": "AQAB"}"#, "use is enc"),
        (#"{"kty": "RSA", "key_ops": ["encrypt"], "n": "AA", "e": "AQAB"}"#, "key_ops"),
        (#"{"kty": "RSA", "alg": "RSA-OAEP-256", "n": "AA", "e": "AQAB"}"#, "alg RSA-OAEP-256"),
        (#"{"kty": "RSA", "alg": "ES256", "n": "AA", "e": "AQAB"}"#, "alg ES256"),
        (#"{"kty": "RSA", "alg": "", "n": "AA", "e": "AQAB"}"#, "alg  isn't"),
        (#"{"kty": "RSA", "n": "AQAB", "e": "AQAB"}"#, "n and e make no RSA key"),
        (#"{"kty": "RSA", "n": "", "e": ""}"#, "n and e make no RSA key"),
        (#"{"kty": "RSA", "e": "AQAB"}"#, "n and e make no RSA key"),
        (#"{"kty": "RSA", "n": 5, "e": "AQAB"}"#, "a member of the wrong type"),
        (#"{"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}"#, "crv is none of"),
        (#"{"kty": "EC", "x": "AA", "y": "AA"}"#, "crv is none of"),
        (#"{"kty": "EC", "crv": "P-384", "alg": "ES256", "x": "AA", "y": "AA"}"#, "alg ES256"),
        (#"{"kty": "EC", "crv": "P-256", "alg": "ECDH-ES", "x": "AA", "y": "AA"}"#, "alg ECDH-ES"),
        (#"{"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}"#, "no point of P-521"),
        (#"{"kty": "EC", "crv": "P-256"}"#, "no point of P-256"),
        (#"{"kty": "OKP", "crv": "X25519", "x": "AA"}"#, "crv isn't Ed25519"),
        (#"{"kty": "OKP", "crv": "Ed25519", "x": "AA"}"#, "no point of Ed25519"),
        (#"{"kty": "oct", "k": "aHVzaA"}"#, "32 bytes or more, for HS256"),
        (#"{"kty": "oct", "alg": "A256GCM", "k": "aHVzaA"}"#, "alg A256GCM"),
        (#"{"kty": "oct", "k": "!"}"#, "isn't base64"), (#"{"alg": "RS256"}"#, "it has no kty"),
        ("7", "it has no kty"), ("null", "it has no kty"), ("[]", "it has no kty"),
    ])
    func `a set without a usable key is refused with the reason`(key: String, reason: String) {
        let error = refusal(JWKText.set([key]))
        #expect(error?.code == .failedPrecondition)
        let message = error?.message ?? ""
        #expect(message.hasPrefix("keys.json holds no key that web tokens can be signed with"))
        #expect(message.contains("(key 1: "), "\(message)")
        #expect(message.contains(reason), "\(message)")
        #expect(!message.contains("aHVzaA"))
        #expect(log.lines.isEmpty)
    }

    @Test func `a secret has as many bytes as the hash`() {
        for (bits, byteCount) in [(256, 32), (384, 48), (512, 64)] {
            for (count, isEnough) in [(byteCount - 1, false), (byteCount, true)] {
                let bytes = [UInt8](repeating: 7, count: count)
                let error = refusal(JWKText.set([JWKText.secret(bytes, ["alg": "HS\(bits)"])]))
                #expect((error == nil) == isEnough, "\(count) bytes for HS\(bits)")
            }
        }
    }

    @Test(arguments: ["", "nonsense", "{}", "[]", "{\"keys\": 1}", "-----BEGIN PUBLIC KEY-----"])
    func `what is neither PEM nor a set is refused`(text: String) {
        let error = refusal(text)
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.hasPrefix("keys.json holds neither a public key") == true)
    }

    @Test func `an empty set is refused`() {
        let error = refusal(JWKText.set([]))
        #expect(
            error?.message == "keys.json holds no key that web tokens can be signed with")
    }

    @Test func `a key that can't be used is logged with its identifier`() {
        let good = JWKText.secret(.init(repeating: 7, count: 32), ["kid": "good"])
        let short = JWKText.secret(Array("hush".utf8), ["kid": "short"])
        let nameless = JWKText.key(["kty": "new"], [:])
        #expect(refusal(JWKText.set([short, good, nameless])) == nil)
        #expect(log.lines.count == 2)
        for (line, words) in zip(
            log.lines, [["keys.json", "short", "32 bytes"], ["keys.json", "key 3", "kty new"]])
        {
            #expect(line.hasPrefix("notice a key of the JSON Web Key Set isn't used"))
            for word in words { #expect(line.contains(word), "\(line)") }
            #expect(!line.contains("aHVzaA"))
        }
    }
}
