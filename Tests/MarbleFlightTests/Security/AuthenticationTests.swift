import NIOConcurrencyHelpers
import NIOCore
import TestCertificates
import TestLog
import Testing

@testable import MarbleFlight

/// A server with an authenticator.
@Suite(.timeLimit(.minutes(5)))
struct AuthenticationTests {
    private let authenticator = TestAuthenticator()

    private func withServer(
        _ service: some FlightService = TestService(), token: String? = nil,
        _ body: (FlightServer, FlightClient) async throws -> Void
    ) async throws {
        let authenticator = authenticator
        try await MarbleFlightTests.withServer(
            service,
            clientConfiguration: { client in
                if let token { client.authorization = { "Bearer \(token)" } }
            }, serverConfiguration: { $0.authenticator = authenticator }, body)
    }

    private func options(_ authorization: String) -> FlightCallOptions {
        FlightCallOptions(metadata: ["authorization": authorization])
    }

    @Test func `a call without credentials is refused with what to present`() async throws {
        try await withServer { server, client in
            let error = await flightError { _ = try await client.listActions() }
            #expect(error?.code == .unauthenticated)
            #expect(error?.message == "present a token that is known here")
            #expect(server.counters.authenticationsFailed == 1)
        }
    }

    @Test func `a role may do what it covers, and no more`() async throws {
        try await withServer { _, client in
            for (token, mayWrite) in [("r", false), ("w", true), ("a", true), ("p", true)] {
                let options = options("bearer \(token)")
                _ = try await client.listActions(options: options)
                let put = client.doPut(options: options)
                let error = await flightError {
                    try await put.write(FlightData(dataBody: ByteBuffer(string: "x")))
                    put.finishWriting()
                    for try await _ in put.responses {}
                }
                if mayWrite {
                    #expect(error == nil)
                } else {
                    #expect(error?.code == .permissionDenied)
                    #expect(
                        error?.message.contains("r has the role reader, and DoPut needs") == true)
                }
            }
        }
    }

    @Test func `a service reads who calls, and may ask for more`() async throws {
        struct Careful: FlightService {
            func doAction(
                _ action: FlightAction, writer: FlightWriter<FlightResult>,
                context: FlightCallContext
            ) async throws {
                try context.require(.admin, for: "the action \(action.type)")
                let name = context.identity?.name ?? "nobody"
                try await writer.write(FlightResult(body: ByteBuffer(string: name)))
            }
        }
        try await withServer(Careful()) { _, client in
            let drop = FlightAction(type: "drop")
            let result = try await client.doAction(drop, options: options("Bearer a")).first
            #expect(result.map { String(buffer: $0.body) } == "a")
            let error = await flightError {
                _ = try await client.doAction(drop, options: options("Bearer w"))
            }
            #expect(error?.code == .permissionDenied)
            #expect(error?.message.contains("the action drop needs the role admin") == true)
        }
        try await MarbleFlightTests.withServer(Careful()) { _, client in
            let result = try await client.doAction(FlightAction(type: "drop")).first
            #expect(result.map { String(buffer: $0.body) } == "nobody")
        }
    }

    @Test func `credentials are looked at once for a connection`() async throws {
        try await withServer(token: "r") { _, client in
            for _ in 0..<50 { _ = try await client.listActions() }
            #expect(authenticator.askedCount == 1)
        }
    }

    @Test func `calls that begin together share one look`() async throws {
        try await withServer(token: "r") { _, client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask { _ = try await client.listActions() }
                }
                try await group.waitForAll()
            }
            #expect(authenticator.askedCount < 50)
        }
    }

    @Test func `a token that is revoked ends with the next call, on open connections too`()
        async throws
    {
        try await withServer(token: "w") { _, client in
            _ = try await client.listActions()
            let open = client.doExchange()
            try await open.write(FlightData(appMetadata: ByteBuffer(string: "before")))
            var answers = open.responses.makeAsyncIterator()
            _ = try await answers.next()
            authenticator.revoke("w")
            let error = await flightError { _ = try await client.listActions() }
            #expect(error?.code == .unauthenticated)
            // What has begun goes on.
            try await open.write(FlightData(appMetadata: ByteBuffer(string: "after")))
            let after = try await answers.next()
            #expect(after.map { String(buffer: $0.appMetadata) } == "after")
            open.cancel()
        }
    }

    @Test func `messages of a stranger never reach the service`() async throws {
        let seen = NIOLockedValueBox(0)
        let service = TestService(makeDelegate: { _ in
            seen.withLockedValue { $0 += 1 }
            return nil
        })
        try await withServer(service, token: "unknown") { server, client in
            let put = client.doPut()
            let error = await flightError {
                for _ in 0..<100 {
                    try await put.write(
                        FlightData(dataBody: ByteBuffer(repeating: 1, count: 1 << 20)))
                }
                put.finishWriting()
                for try await _ in put.responses {}
            }
            #expect(error?.code == .unauthenticated)
            #expect(seen.withLockedValue { $0 } == 0)
            #expect(server.counters.partialMessageByteCount <= 8 << 20)
        }
    }

    @Test func `a failure is logged without the secret`() async throws {
        let log = CapturedLog()
        var configuration = FlightServerConfiguration(host: "127.0.0.1")
        configuration.authenticator = authenticator
        let server = FlightServer(
            configuration: configuration, service: TestService(), logger: log.logger)
        try await server.start()
        let client = FlightClient(
            configuration: .patient(host: "127.0.0.1", port: try #require(server.boundPort)))
        _ = await flightError {
            _ = try await client.listActions(options: options("Bearer hush-hush"))
        }
        let line = log.lines.first { $0.contains("authentication failed") }
        #expect(line?.hasPrefix("notice") == true)
        #expect(line?.contains("bearer") == true)
        #expect(line?.contains("127.0.0.1") == true)
        #expect(!log.lines.contains { $0.contains("hush") })
        await client.close()
        await server.shutdown()
    }

    @Test func `a certificate says who calls where no header does`() async throws {
        let authority = try await TestAuthority()
        defer { authority.remove() }
        let roots = FlightTrustRoots.pem(.file(authority.root.certificatePath))
        let serverIdentity = FlightTLSIdentity(try await authority.issue("server"))
        let clientIdentity = FlightTLSIdentity(try await authority.issue("client"))
        let authenticator = authenticator
        try await MarbleFlightTests.withServer(
            TestService(),
            clientConfiguration: {
                $0.tls = FlightClientTLS(trustRoots: roots, identity: clientIdentity)
            },
            serverConfiguration: {
                $0.authenticator = authenticator
                $0.tls = FlightServerTLS(
                    identity: serverIdentity, clientCertificates: .optional(roots))
            }
        ) { server, client in
            let put = client.doPut()
            try await put.write(FlightData(dataBody: ByteBuffer(string: "x")))
            put.finishWriting()
            for try await _ in put.responses {}
            var other = FlightClientConfiguration.patient(
                host: "127.0.0.1", port: try #require(server.boundPort))
            other.tls = FlightClientTLS(trustRoots: roots)
            let anonymous = FlightClient(configuration: other)
            let error = await flightError { _ = try await anonymous.listActions() }
            #expect(error?.code == .unauthenticated)
            await anonymous.close()
        }
    }

    @Test func `plain HTTP needs credentials too`() async throws {
        try await withServer { server, _ in
            let url = "http://127.0.0.1:\(try #require(server.boundPort))/api/flight/do_action"
            func call(_ arguments: [String]) async throws -> String {
                try await Command.run(
                    "curl",
                    [
                        "--silent", "--show-error", "--write-out", " %{http_code}", "--data",
                        #"{"type": "echo", "body": 7}"#, url,
                    ] + arguments
                ).output
            }
            let refused = try await call([])
            #expect(refused.hasSuffix(" 401"))
            #expect(refused.contains("present a token that is known here"))
            let token = try await call(["-H", "authorization: Bearer r"])
            #expect(token == #"[{"body":7}] 200"#)
            let basic = try await call(["--user", "ann:secret: ü"])
            #expect(basic == #"[{"body":7}] 200"#)
            let http2 = try await call(["--http2-prior-knowledge"])
            #expect(http2.hasSuffix(" 401"))
        }
    }

    @Test(.enabled(if: PythonPeer.isAvailable, "needs a Python with pyarrow"))
    func `a pyarrow client logs in with both of Flight's handshakes`() async throws {
        try await withServer { server, _ in
            let port = try #require(server.boundPort)
            let peer = try PythonPeer(
                script: "authentication.py", ["grpc://127.0.0.1:\(port)"])
            let output = try await peer.allOutput()
            peer.stop()
            #expect(output == "ok\n")
        }
    }
}

struct FailedAttemptsTests {
    @Test func `delays grow, are bounded, and are forgotten`() {
        var attempts = FailedAttempts()
        let start = NIODeadline.now()
        let delays = (0..<8).map { attempts.failed("a", now: start + .seconds($0)).delay }
        #expect(
            delays.map { $0.nanoseconds / 1_000_000 } == [50, 100, 200, 400, 800, 1000, 1000, 1000])
        #expect(attempts.failed("b", now: start).delay == .milliseconds(50))
        #expect(attempts.failed("a", now: start + .seconds(120)).count == 1)
    }

    @Test func `addresses without number don't take memory without bound`() {
        var attempts = FailedAttempts()
        for number in 0..<100_000 {
            _ = attempts.failed("address \(number)", now: .now())
        }
        #expect(attempts.addressCount <= 4096)
    }
}
