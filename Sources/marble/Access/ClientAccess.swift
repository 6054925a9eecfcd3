import ArgumentParser
import Foundation
import MarbleFlight
import MarbleServer

/// How a command reaches nodes that speak TLS and ask for credentials.
struct ClientAccess: ParsableArguments {
    @Flag(help: "Connect with TLS; the certificate must be of an authority of the system.")
    var tls = false

    @Option(
        name: .customLong("tls-root"),
        help: ArgumentHelp(
            "Connect with TLS; the authorities that may sign the nodes' certificates (PEM).",
            valueName: "file"))
    var rootPath: String?

    @Option(
        name: .customLong("tls-cert"),
        help: ArgumentHelp("The certificate to show, with --tls-key (PEM).", valueName: "file"))
    var certificatePath: String?

    @Option(
        name: .customLong("tls-key"),
        help: ArgumentHelp("The key of the certificate to show (PEM).", valueName: "file"))
    var keyPath: String?

    @Option(
        name: .customLong("token-file"),
        help: ArgumentHelp(
            "A file with the token to present; without it, MARBLE_TOKEN.", valueName: "file"))
    var tokenPath: String?

    func validate() throws {
        guard (certificatePath == nil) == (keyPath == nil) else {
            throw ValidationError("--tls-cert and --tls-key go together")
        }
        guard certificatePath == nil || tls || rootPath != nil else {
            throw ValidationError("--tls-cert needs --tls or --tls-root")
        }
    }

    /// - Throws: a configuration error that names the token's file.
    func apply(to configuration: inout FlightClientConfiguration) throws(ServerError) {
        if tls || rootPath != nil {
            var settings = FlightClientTLS(
                trustRoots: rootPath.map { .pem(.file($0)) } ?? .system)
            if let certificatePath, let keyPath {
                settings.identity = FlightTLSIdentity(
                    certificateChain: .file(certificatePath), privateKey: .file(keyPath))
            }
            configuration.tls = settings
        }
        guard let token = try token() else { return }
        configuration.authorization = { "Bearer \(token)" }
    }

    private func token() throws(ServerError) -> String? {
        guard let tokenPath else {
            return ProcessInfo.processInfo.environment["MARBLE_TOKEN"]
        }
        do {
            let text = try String(contentsOfFile: tokenPath, encoding: .utf8)
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw ServerError(
                .configuration,
                "the token's file \(tokenPath) can't be read: \(error.localizedDescription)",
                cause: error)
        }
    }
}
