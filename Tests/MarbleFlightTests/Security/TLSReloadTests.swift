import Foundation
import MarbleFlight
import NIOConcurrencyHelpers
import NIOCore
import TestCertificates
import TestLog
import Testing

/// A server whose certificate files are replaced while it runs.
@Suite(.timeLimit(.minutes(5)))
struct TLSReloadTests {
    private let authority: TestAuthority
    private let server: TestAuthority.Identity
    private let log = CapturedLog()

    init() async throws {
        authority = try await TestAuthority()
        server = try await authority.issue("server")
    }

    private func withRunningServer(
        _ body: (_ port: Int) async throws -> Void
    ) async throws {
        defer { authority.remove() }
        var configuration = FlightServerConfiguration(host: "127.0.0.1")
        configuration.tls = FlightServerTLS(
            identity: FlightTLSIdentity(server), reloadInterval: .milliseconds(20))
        let running = FlightServer(
            configuration: configuration, service: TestService(), logger: log.logger)
        try await running.start()
        do {
            try await body(try #require(running.boundPort))
        } catch {
            await running.shutdown()
            throw error
        }
        await running.shutdown()
    }

    private func client(_ port: Int, trusting authority: TestAuthority) -> FlightClient {
        var configuration = FlightClientConfiguration.patient(host: "127.0.0.1", port: port)
        configuration.tls = FlightClientTLS(
            trustRoots: .pem(.file(authority.root.certificatePath)))
        configuration.connectFailuresToPause = .max
        return FlightClient(configuration: configuration)
    }

    /// Whether a new connection works.
    private func connects(_ port: Int, trusting authority: TestAuthority) async -> Bool {
        let client = client(port, trusting: authority)
        let actions = try? await client.listActions()
        await client.close()
        return actions?.count == 2
    }

    private func reloadCount() -> Int {
        log.lines.count { $0.contains("the changed files are in use") }
    }

    @Test func `certificates are replaced under load without a failed call`() async throws {
        try await withRunningServer { port in
            let lasting = client(port, trusting: authority)
            let isOver = NIOLockedValueBox(false)
            try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    var count = 0
                    while !isOver.withLockedValue({ $0 }) {
                        _ = try await lasting.listActions()
                        count += 1
                    }
                    return count
                }
                group.addTask {
                    var count = 0
                    while !isOver.withLockedValue({ $0 }) {
                        let passing = client(port, trusting: authority)
                        _ = try await passing.listActions()
                        await passing.close()
                        count += 1
                    }
                    return count
                }
                for number in 1...4 {
                    try await authority.issue("server-\(number)").replace(server)
                    try await eventually("certificate \(number) is in use") {
                        reloadCount() >= number
                    }
                }
                isOver.withLockedValue { $0 = true }
                for try await count in group { #expect(count > 0) }
            }
            await lasting.close()
        }
    }

    @Test func `new connections get the new certificate, and old ones stay`() async throws {
        let successor = try await TestAuthority("successor")
        defer { successor.remove() }
        try await withRunningServer { port in
            let old = client(port, trusting: authority)
            _ = try await old.listActions()
            #expect(await !connects(port, trusting: successor))
            try await successor.issue("server").replace(server)
            try await eventually("the successor's certificate is in use") {
                await connects(port, trusting: successor)
            }
            #expect(await !connects(port, trusting: authority))
            _ = try await old.listActions()
            await old.close()
        }
    }

    @Test func `files that can't be used leave the old certificate in use`() async throws {
        try await withRunningServer { port in
            let good = try Data(contentsOf: URL(filePath: server.certificatePath))
            try Data("nonsense".utf8).write(
                to: URL(filePath: server.certificatePath), options: .atomic)
            try await eventually("the damage is logged") {
                log.lines.contains {
                    $0.hasPrefix("error") && $0.contains(server.certificatePath)
                        && $0.contains("holds no certificates")
                }
            }
            #expect(await connects(port, trusting: authority))
            try good.write(to: URL(filePath: server.certificatePath), options: .atomic)
            try await eventually("the good file is in use") { reloadCount() == 1 }
            #expect(await connects(port, trusting: authority))
        }
    }
}
