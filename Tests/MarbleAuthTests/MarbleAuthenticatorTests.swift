import Foundation
import MarbleFlight
import NIOCore
import TestCertificates
import Testing

@testable import MarbleAuth

@Suite(.timeLimit(.minutes(5)))
struct MarbleAuthenticatorTests: AuthenticatorSuite {
    let directory = Self.newDirectory()

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

    @Test func `a login ends when its time is over`() async throws {
        let list = "user ann writer \(try PasswordHash(of: "secret").text)"
        let ann = FlightIdentity(name: "ann", role: .writer)
        try await withAuthenticator(list) {
            let token = try #require(try await $0.sessionToken(for: ann))
            let identity = try await $0.authenticate(
                FlightCredentials(authorization: "Bearer \(token)"))
            let end = try #require(identity.validUntil)
            #expect(end > NIODeadline.now() + .hours(7))
            #expect(end <= NIODeadline.now() + .hours(8))
        }
        try await withAuthenticator(list, configure: { $0.sessionLifetime = .seconds(1) }) {
            authenticator in
            let token = try #require(try await authenticator.sessionToken(for: ann))
            try await eventually {
                await outcome(authenticator, "Bearer \(token)").contains("log in again")
            }
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
}
