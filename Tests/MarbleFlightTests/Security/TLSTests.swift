import Foundation
import MarbleFlight
import NIOCore
import NIOPosix
import TestCertificates
import TestLog
import Testing

/// Server and client of this package over TLS.
@Suite(.timeLimit(.minutes(5)))
struct TLSTests {
    let authority: TestAuthority
    let server: TestAuthority.Identity

    init() async throws {
        authority = try await TestAuthority()
        server = try await authority.issue("server")
    }

    private var roots: FlightTrustRoots { .pem(.file(authority.root.certificatePath)) }

    private func serverTLS(
        _ clients: FlightServerTLS.ClientCertificates = .none
    ) -> FlightServerTLS {
        FlightServerTLS(
            identity: FlightTLSIdentity(server), clientCertificates: clients,
            reloadInterval: .milliseconds(20))
    }

    private func withTLS(
        _ serverTLS: FlightServerTLS, _ clientTLS: FlightClientTLS?,
        _ body: (FlightServer, FlightClient) async throws -> Void
    ) async throws {
        defer { authority.remove() }
        try await withServer(
            TestService(), clientConfiguration: { $0.tls = clientTLS },
            serverConfiguration: { $0.tls = serverTLS }, body)
    }

    private func expectAnswers(_ client: FlightClient) async throws {
        let actions = try await client.listActions()
        #expect(actions.count == 2)
    }

    @Test func `calls and streams go over TLS`() async throws {
        try await withTLS(serverTLS(), FlightClientTLS(trustRoots: roots)) { _, client in
            let echo = FlightAction(type: "echo", body: ByteBuffer(string: "secret"))
            let result = try await client.doAction(echo).first
            #expect(result?.body == echo.body)
            var byteCount = 0
            for try await data in try await client.doGet(FlightTicket("20 1000000")) {
                byteCount += data.dataBody.readableBytes
            }
            #expect(byteCount == 20_000_000)
        }
    }

    @Test func `keys and certificates may be given as bytes`() async throws {
        let certificate = try Data(contentsOf: URL(filePath: server.certificatePath))
        let key = try Data(contentsOf: URL(filePath: server.keyPath))
        let root = try Data(contentsOf: URL(filePath: authority.root.certificatePath))
        let tls = FlightServerTLS(
            identity: FlightTLSIdentity(
                certificateChain: .bytes(Array(certificate)), privateKey: .bytes(Array(key))))
        let clientTLS = FlightClientTLS(trustRoots: .pem(.bytes(Array(root))))
        try await withTLS(tls, clientTLS) { _, client in
            try await expectAnswers(client)
        }
    }

    @Test func `a certificate of a stranger is refused by the client`() async throws {
        let stranger = try await TestAuthority("stranger")
        defer { stranger.remove() }
        let tls = FlightClientTLS(trustRoots: .pem(.file(stranger.root.certificatePath)))
        try await withTLS(serverTLS(), tls) { _, client in
            let error = await flightError { _ = try await client.listActions() }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("isn't signed by a trusted root") == true)
        }
    }

    @Test func `a certificate for another name is refused unless that name is asked for`()
        async throws
    {
        let other = try await authority.issue("other", names: ["DNS:db.example"])
        var tls = serverTLS()
        tls.identity = FlightTLSIdentity(other)
        try await withTLS(tls, FlightClientTLS(trustRoots: roots)) { server, client in
            let error = await flightError { _ = try await client.listActions() }
            #expect(
                error?.message.contains("isn't for the name") == true,
                "\(String(describing: error))")
            var configuration = FlightClientConfiguration.patient(
                host: "127.0.0.1", port: try #require(server.boundPort))
            configuration.tls = FlightClientTLS(trustRoots: roots, serverName: "db.example")
            let knowing = FlightClient(configuration: configuration)
            try await expectAnswers(knowing)
            await knowing.close()
        }
    }

    @Test func `verification is off only where that is asked for`() async throws {
        try await withTLS(serverTLS(), FlightClientTLS(verification: .none)) { server, client in
            try await expectAnswers(client)
            var configuration = FlightClientConfiguration.patient(
                host: "127.0.0.1", port: try #require(server.boundPort))
            configuration.tls = FlightClientTLS()
            let careful = FlightClient(configuration: configuration)
            let refused = await flightError { _ = try await careful.listActions() }
            #expect(refused != nil)
            await careful.close()
        }
    }

    @Test(arguments: [(FlightClientTLS.Verification.none, 1), (.full, 0)])
    func `verification that is off is a warning in the log`(
        verification: FlightClientTLS.Verification, warningCount: Int
    ) async throws {
        try await withTLS(serverTLS(), nil) { server, _ in
            var configuration = FlightClientConfiguration.patient(
                host: "127.0.0.1", port: try #require(server.boundPort))
            configuration.tls = FlightClientTLS(trustRoots: roots, verification: verification)
            let log = CapturedLog()
            let client = FlightClient(configuration: configuration, logger: log.logger)
            try await expectAnswers(client)
            await client.close()
            let warnings = log.lines.filter { $0.hasPrefix("warning TLS VERIFICATION IS OFF") }
            #expect(warnings.count == warningCount)
        }
    }

    @Test func `a client without a certificate is refused where one is required`() async throws {
        try await withTLS(serverTLS(.required(roots)), FlightClientTLS(trustRoots: roots)) {
            server, client in
            let error = await flightError { _ = try await client.listActions() }
            #expect(error?.code == .unavailable)
            #expect(
                error?.message.contains("client certificate is required") == true,
                "\(String(describing: error))")
            var configuration = FlightClientConfiguration.patient(
                host: "127.0.0.1", port: try #require(server.boundPort))
            configuration.tls = FlightClientTLS(
                trustRoots: roots, identity: FlightTLSIdentity(try await authority.issue("client")))
            let known = FlightClient(configuration: configuration)
            try await expectAnswers(known)
            await known.close()
        }
    }

    @Test func `an optional certificate must be good, or absent`() async throws {
        let stranger = try await TestAuthority("stranger")
        defer { stranger.remove() }
        let tls = FlightClientTLS(
            trustRoots: roots, identity: FlightTLSIdentity(try await stranger.issue("stranger")))
        try await withTLS(serverTLS(.optional(roots)), tls) { server, client in
            let refused = await flightError { _ = try await client.listActions() }
            #expect(refused != nil)
            var configuration = FlightClientConfiguration.patient(
                host: "127.0.0.1", port: try #require(server.boundPort))
            configuration.tls = FlightClientTLS(trustRoots: roots)
            let without = FlightClient(configuration: configuration)
            try await expectAnswers(without)
            await without.close()
        }
    }

    @Test func `a client without TLS is told that it needs it`() async throws {
        try await withTLS(serverTLS(), nil) { server, client in
            let error = await flightError { _ = try await client.listActions() }
            #expect(error?.code == .unavailable)
            #expect(
                error?.message.contains("speaks TLS only") == true, "\(String(describing: error))")
            #expect(server.counters.plaintextRefused == 1)
        }
    }

    @Test func `both are spoken on one port where plaintext is allowed`() async throws {
        var tls = serverTLS()
        tls.allowsPlaintext = true
        try await withTLS(tls, nil) { server, plain in
            try await expectAnswers(plain)
            var configuration = FlightClientConfiguration.patient(
                host: "127.0.0.1", port: try #require(server.boundPort))
            configuration.tls = FlightClientTLS(trustRoots: roots)
            let encrypted = FlightClient(configuration: configuration)
            try await expectAnswers(encrypted)
            await encrypted.close()
        }
    }

    @Test func `a client with TLS of a server without it says what is wrong`() async throws {
        try await withServer(
            TestService(), clientConfiguration: { $0.tls = FlightClientTLS(trustRoots: roots) }
        ) { _, client in
            let error = await flightError { _ = try await client.listActions() }
            #expect(error?.code == .unavailable)
            #expect(
                error?.message.contains("check that it speaks TLS") == true,
                "\(String(describing: error))")
        }
        authority.remove()
    }

    @Test func `a server that can't read its key doesn't start, and names the file`() async throws {
        defer { authority.remove() }
        for (pem, reason) in [
            (FlightPEM.file("/nowhere/key.pem"), "/nowhere/key.pem can't be read"),
            (.bytes(Array("nonsense".utf8)), "holds no private key"),
            (.file(authority.root.keyPath), "check that the key is the certificate's"),
        ] {
            var configuration = FlightServerConfiguration(host: "127.0.0.1")
            configuration.tls = FlightServerTLS(
                identity: FlightTLSIdentity(
                    certificateChain: .file(server.certificatePath), privateKey: pem))
            let broken = FlightServer(configuration: configuration, service: EmptyService())
            let error = await flightError { try await broken.start() }
            #expect(error?.code == .failedPrecondition)
            #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
        }
    }
}

extension FlightTLSIdentity {
    init(_ identity: TestAuthority.Identity) {
        self.init(
            certificateChain: .file(identity.certificatePath), privateKey: .file(identity.keyPath))
    }
}
