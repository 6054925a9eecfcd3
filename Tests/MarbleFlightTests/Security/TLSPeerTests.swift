import Foundation
import MarbleFlight
import TestCertificates
import Testing

/// The server's TLS against other implementations: pyarrow, OpenSSL and curl.
@Suite(.timeLimit(.minutes(5)))
struct TLSPeerTests {
    private let authority: TestAuthority
    private let server: TestAuthority.Identity

    init() async throws {
        authority = try await TestAuthority()
        server = try await authority.issue("server")
    }

    private func withTLSServer(
        _ configure: (inout FlightServerTLS) -> Void = { _ in },
        _ body: (_ endpoint: String) async throws -> Void
    ) async throws {
        defer { authority.remove() }
        var configuration = FlightServerConfiguration(host: "localhost")
        var tls = FlightServerTLS(identity: FlightTLSIdentity(server))
        configure(&tls)
        configuration.tls = tls
        let running = FlightServer(configuration: configuration, service: TestService())
        try await running.start()
        do {
            try await body("localhost:\(try #require(running.boundPort))")
        } catch {
            await running.shutdown()
            throw error
        }
        await running.shutdown()
    }

    @Test(.enabled(if: PythonPeer.isAvailable, "needs a Python with pyarrow"))
    func `a pyarrow client gets its answers over TLS`() async throws {
        try await withTLSServer { endpoint in
            let peer = try PythonPeer(
                script: "tls.py", [endpoint, authority.root.certificatePath])
            let output = try await peer.allOutput()
            peer.stop()
            #expect(output == "ok\n")
        }
    }

    @Test(.enabled(if: PythonPeer.isAvailable, "needs a Python with pyarrow"))
    func `a pyarrow client shows its certificate where one is required`() async throws {
        let client = try await authority.issue("client")
        let roots = FlightTrustRoots.pem(.file(authority.root.certificatePath))
        try await withTLSServer({ $0.clientCertificates = .required(roots) }) { endpoint in
            let with = try PythonPeer(
                script: "tls.py",
                [
                    endpoint, authority.root.certificatePath, client.certificatePath,
                    client.keyPath,
                ])
            let output = try await with.allOutput()
            with.stop()
            #expect(output == "ok\n")
            let without = try PythonPeer(
                script: "tls.py", [endpoint, authority.root.certificatePath])
            let refusal = try await without.allOutput()
            without.stop()
            #expect(refusal.contains("FlightUnavailableError"), "\(refusal)")
        }
    }

    @Test func `OpenSSL agrees on TLS 1.3 and h2, and checks the certificate`() async throws {
        try await withTLSServer { endpoint in
            let output = try await Command.run(
                "openssl",
                [
                    "s_client", "-connect", endpoint, "-alpn", "h2,http/1.1", "-CAfile",
                    authority.root.certificatePath, "-verify_return_error", "-servername",
                    "localhost",
                ]
            ).output
            #expect(output.contains("ALPN protocol: h2"), "\(output)")
            #expect(output.contains("TLSv1.3"))
            #expect(output.contains("Verify return code: 0 (ok)"))
        }
    }

    @Test(arguments: [
        (FlightTLSVersion.tls12, "-tls1_2", true), (.tls12, "-tls1_1", false),
        (.tls13, "-tls1_3", true), (.tls13, "-tls1_2", false),
    ])
    func `versions before the lowest are refused`(
        minimumVersion: FlightTLSVersion, version: String, isSpoken: Bool
    ) async throws {
        try await withTLSServer({ $0.minimumVersion = minimumVersion }) { endpoint in
            let output = try await Command.run(
                "openssl",
                [
                    "s_client", "-connect", endpoint, version, "-cipher", "DEFAULT@SECLEVEL=0",
                    "-CAfile", authority.root.certificatePath,
                ]
            ).output
            #expect(output.contains("Cipher is (NONE)") == !isSpoken, "\(output)")
        }
    }

    @Test(arguments: [("--http2", "2"), ("--http1.1", "1.1")])
    func `curl calls an action over TLS`(flag: String, version: String) async throws {
        try await withTLSServer { endpoint in
            let output = try await Command.run(
                "curl",
                [
                    "--silent", "--show-error", flag, "--cacert", authority.root.certificatePath,
                    "--write-out", " %{http_version} %{http_code} %{ssl_verify_result}",
                    "--data", #"{"type": "echo", "body": 7}"#,
                    "https://\(endpoint)/api/flight/do_action",
                ]
            ).output
            #expect(output == #"[{"body":7}] \#(version) 200 0"#)
        }
    }

    @Test func `plain HTTP is told to use TLS`() async throws {
        try await withTLSServer { endpoint in
            let output = try await Command.run(
                "curl", ["--silent", "--show-error", "http://\(endpoint)/health"]
            ).output
            #expect(output == "this server speaks TLS only: use https\n")
        }
    }
}
