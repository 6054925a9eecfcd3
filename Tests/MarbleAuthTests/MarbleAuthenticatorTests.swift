import CryptoExtras
import Foundation
import JWTKit
import MarbleFlight
import NIOCore
import NIOPosix
import TestCertificates
import Testing

@testable import MarbleAuth

@Suite(.timeLimit(.minutes(5)))
struct MarbleAuthenticatorTests {
    private let directory = FileManager.default.temporaryDirectory
        .appending(path: "marble-auth-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    private func write(_ text: String, _ name: String) throws -> String {
        let file = directory.appending(path: name)
        try Data(text.utf8).write(to: file, options: .atomic)
        return file.path
    }

    private func withAuthenticator(
        _ list: String, configure: (inout AuthConfiguration) throws -> Void = { _ in },
        _ body: (MarbleAuthenticator) async throws -> Void
    ) async throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        var configuration = AuthConfiguration(accessListPath: try write(list, "access-list"))
        configuration.reloadInterval = .milliseconds(20)
        try configure(&configuration)
        let authenticator = try MarbleAuthenticator(configuration: configuration)
        authenticator.start(on: Self.loops.next())
        defer { authenticator.stop() }
        try await body(authenticator)
    }

    private static let loops = NIOSingletons.posixEventLoopGroup

    /// What the credentials give, or the code and message of the refusal.
    private func outcome(
        _ authenticator: MarbleAuthenticator, _ credentials: FlightCredentials
    ) async -> String {
        do throws(FlightError) {
            let identity = try await authenticator.authenticate(credentials)
            return "\(identity.name) \(identity.role)"
        } catch {
            return error.description
        }
    }

    private func outcome(
        _ authenticator: MarbleAuthenticator, _ authorization: String
    ) async -> String {
        await outcome(authenticator, FlightCredentials(authorization: authorization))
    }

    // MARK: Tokens

    @Test func `a token is known by its hash`() async throws {
        let token = TokenHash.makeToken()
        try await withAuthenticator("token ingest writer \(TokenHash(of: token).text)") {
            #expect(await outcome($0, "Bearer \(token)") == "ingest writer")
            #expect(await outcome($0, "bearer \(token)") == "ingest writer")
            for wrong in ["\(token)x", "", TokenHash.makeToken()] {
                #expect(
                    await outcome($0, "Bearer \(wrong)").hasPrefix("UNAUTHENTICATED: the token"))
            }
        }
    }

    @Test func `nothing, and what can't be read, is refused with what to send`() async throws {
        try await withAuthenticator("") {
            let none = await outcome($0, FlightCredentials())
            #expect(none.contains("credentials are missing: send the header authorization: Bearer"))
            for header in ["Digest x", "Bearer", "Basic !", "Basic YQ"] {
                #expect(await outcome($0, header).contains("can't be read"), "\(header)")
            }
        }
    }

    @Test func `a token ends at its time`() async throws {
        let token = TokenHash.makeToken()
        let other = TokenHash.makeToken()
        let list = """
            # comment
            token old reader \(TokenHash(of: token).text) expires=2020-01-01
            token young reader \(TokenHash(of: other).text) expires=2999-01-01T12:00:00Z
            """
        try await withAuthenticator(list) {
            #expect(await outcome($0, "Bearer \(token)").contains("the token of old has expired"))
            let identity = try await $0.authenticate(
                FlightCredentials(authorization: "Bearer \(other)"))
            #expect(identity.validUntil != nil)
        }
    }

    @Test func `a changed list counts, and a damaged one doesn't`() async throws {
        let first = TokenHash.makeToken()
        let second = TokenHash.makeToken()
        try await withAuthenticator("token a reader \(TokenHash(of: first).text)") {
            authenticator in
            let before = authenticator.revision
            _ = try write("token b admin \(TokenHash(of: second).text)", "access-list")
            try await eventually {
                await outcome(authenticator, "Bearer \(second)") == "b admin"
            }
            #expect(await outcome(authenticator, "Bearer \(first)").hasPrefix("UNAUTHENTICATED"))
            #expect(authenticator.revision != before)
            let seen = authenticator.revision
            _ = try write("token b king x", "access-list")
            _ = try write(
                "token b king x\ntoken c reader \(TokenHash(of: first).text)", "access-list")
            for _ in 0..<10 {
                #expect(await outcome(authenticator, "Bearer \(second)") == "b admin")
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(authenticator.revision == seen)
        }
    }

    // MARK: Users

    @Test func `a user logs in with a password, and gets a token for it`() async throws {
        let hash = try PasswordHash(of: "secret: ü")
        try await withAuthenticator("user ann writer \(hash.text)") { authenticator in
            let right = FlightCredentials.basic(user: "ann", password: "secret: ü")
            #expect(await outcome(authenticator, right) == "ann writer")
            for (user, password) in [("ann", "wrong"), ("bob", "secret: ü"), ("", "")] {
                let wrong = FlightCredentials.basic(user: user, password: password)
                #expect(
                    await outcome(authenticator, wrong)
                        == "UNAUTHENTICATED: user and password don't fit: check both")
            }
            let identity = try await authenticator.authenticate(
                FlightCredentials(authorization: right))
            let token = try #require(try await authenticator.sessionToken(for: identity))
            #expect(await outcome(authenticator, "Bearer \(token)") == "ann writer")
            #expect(await outcome(authenticator, "Bearer \(token)A").contains("log in again"))
            // Another password ends what the old one began.
            _ = try write("user ann writer \(try PasswordHash(of: "new").text)", "access-list")
            try await eventually {
                await outcome(authenticator, "Bearer \(token)").contains("log in again")
            }
        }
    }

    @Test func `a login is good on all nodes that share a key, and on no other`() async throws {
        let list = "user ann writer \(try PasswordHash(of: "secret").text)"
        let key = try write(String(repeating: "k", count: 40), "session-key")
        try await withAuthenticator(list, configure: { $0.sessionKeyPath = key }) { first in
            let token = try #require(
                try await first.sessionToken(for: FlightIdentity(name: "ann", role: .writer)))
            var configuration = AuthConfiguration(
                accessListPath: directory.appending(path: "access-list").path, sessionKeyPath: key)
            let second = try MarbleAuthenticator(configuration: configuration)
            #expect(await outcome(second, "Bearer \(token)") == "ann writer")
            configuration.sessionKeyPath = nil
            let alone = try MarbleAuthenticator(configuration: configuration)
            #expect(await outcome(alone, "Bearer \(token)").contains("auth_session_key_path"))
        }
    }

    // MARK: Certificates

    @Test func `a certificate is known by its names`() async throws {
        let authority = try await TestAuthority()
        defer { authority.remove() }
        let certificates = try [
            await authority.issue("node", names: ["DNS:Node-1.Example", "IP:127.0.0.1"]),
            await authority.issue("service", names: ["URI:spiffe://example/ingest"]),
            await authority.issue("ann"),
        ].map { try Self.der($0.certificatePath) }
        let list = """
            certificate node-1 peer dns:node-1.example
            certificate ingest writer uri:spiffe://example/ingest
            """
        try await withAuthenticator(list) {
            var outcomes: [String] = []
            for certificate in certificates {
                outcomes.append(
                    await outcome($0, FlightCredentials(clientCertificate: certificate)))
            }
            #expect(outcomes[0] == "node-1 peer")
            #expect(outcomes[1] == "ingest writer")
            #expect(outcomes[2].contains("(dns:localhost, cn:ann) isn't in the access list"))
            // A header says who calls, where there is one.
            let both = FlightCredentials(
                authorization: "Bearer x", clientCertificate: certificates[0])
            #expect(await outcome($0, both).hasPrefix("UNAUTHENTICATED"))
        }
    }

    private static func der(_ path: String) throws -> [UInt8] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        return Array(try #require(Data(base64Encoded: lines.joined())))
    }

    // MARK: JSON web tokens

    private struct Payload: JWTPayload {
        var sub: String? = "ann"
        var exp: Double? = Date().timeIntervalSince1970 + 600
        var nbf: Double?
        var iss: String? = "issuer"
        var aud: [String]? = ["marble", "other"]
        var role: String? = "writer"

        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    private func withIssuer(
        _ keys: String, _ body: (MarbleAuthenticator) async throws -> Void
    ) async throws {
        try await withAuthenticator(
            "",
            configure: {
                $0.jwt = AuthConfiguration.JWT(
                    keysPath: try write(keys, "keys"), issuer: "issuer", audience: "marble")
            }, body)
    }

    @Test func `web tokens of ES256, RS256 and HS256 are taken`() async throws {
        let elliptic = ES256PrivateKey()
        let rsa = try Insecure.RSA.PrivateKey(
            backing: .init(keySize: .bits2048))
        let secret = (0..<32).map { UInt8($0) }
        let set =
            #"{"keys": [{"kty": "oct", "kid": "one", "alg": "HS256", "k": "\#(Data(secret).base64EncodedString())"}]}"#
        let signers = JWTKeyCollection()
        await signers.add(ecdsa: elliptic, kid: "es")
        await signers.add(rsa: rsa, digestAlgorithm: .sha256, kid: "rs")
        await signers.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256, kid: "one")
        let cases: [(String, JWKIdentifier)] = [
            (elliptic.publicKey.pemRepresentation, "es"),
            (rsa.publicKey.pemRepresentation, "rs"), (set, "one"),
        ]
        for (keys, signer) in cases {
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true)
            let token = try await signers.sign(Payload(), kid: signer)
            try await withIssuer(keys) {
                #expect(await outcome($0, "Bearer \(token)") == "ann writer")
            }
        }
    }

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
            (Payload(role: nil), "its role"),
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

func eventually(_ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("did not come true")
}
