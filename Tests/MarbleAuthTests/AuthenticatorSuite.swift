import Foundation
import Logging
import MarbleFlight
import NIOCore
import NIOPosix
import Testing

@testable import MarbleAuth

/// Tests of an authenticator whose files they write, in a directory of their own.
protocol AuthenticatorSuite {
    var directory: URL { get }
}

extension AuthenticatorSuite {
    static func newDirectory() -> URL {
        FileManager.default.temporaryDirectory.appending(path: "marble-auth-\(UUID().uuidString)")
    }

    /// - Returns: the path of the file.
    func write(_ text: String, _ name: String) throws -> String {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let file = directory.appending(path: name)
        try Data(text.utf8).write(to: file, options: .atomic)
        return file.path
    }

    /// Runs `body` with an authenticator that looks at its files often.
    func withAuthenticator(
        _ list: String, logger: Logger = Logger(label: "test"),
        configure: (inout AuthConfiguration) throws -> Void = { _ in },
        _ body: (MarbleAuthenticator) async throws -> Void
    ) async throws {
        defer { try? FileManager.default.removeItem(at: directory) }
        var configuration = AuthConfiguration(accessListPath: try write(list, "access-list"))
        configuration.reloadInterval = .milliseconds(20)
        try configure(&configuration)
        let authenticator = try MarbleAuthenticator(configuration: configuration, logger: logger)
        authenticator.start(on: NIOSingletons.posixEventLoopGroup.next())
        defer { authenticator.stop() }
        try await body(authenticator)
    }

    /// What the credentials give, or the code and message of the refusal.
    func outcome(
        _ authenticator: MarbleAuthenticator, _ credentials: FlightCredentials
    ) async -> String {
        do throws(FlightError) {
            let identity = try await authenticator.authenticate(credentials)
            return "\(identity.name) \(identity.role)"
        } catch {
            return error.description
        }
    }

    func outcome(_ authenticator: MarbleAuthenticator, _ authorization: String) async -> String {
        await outcome(authenticator, FlightCredentials(authorization: authorization))
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
