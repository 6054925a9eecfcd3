public import Foundation

/// A certificate authority in a directory of its own, made for one test by the `openssl` command.
public struct TestAuthority: Sendable {
    public struct Failure: Error {
        public let output: String
    }

    /// A certificate and its key.
    public struct Identity: Sendable {
        public let certificatePath: String
        public let keyPath: String

        /// Puts this certificate and key where another's are, as an administrator would.
        public func replace(_ other: Identity) throws {
            for (source, target) in [
                (certificatePath, other.certificatePath), (keyPath, other.keyPath),
            ] {
                let content = try Data(contentsOf: URL(filePath: source))
                try content.write(to: URL(filePath: target), options: .atomic)
            }
        }
    }

    public let directory: URL
    public let root: Identity

    /// Makes a new root in a new directory.
    public init(_ name: String = "test authority") async throws {
        directory = FileManager.default.temporaryDirectory
            .appending(path: "marble-certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        root = Identity(
            certificatePath: directory.appending(path: "root.pem").path,
            keyPath: directory.appending(path: "root.key").path)
        try await Self.openssl(
            Self.request(name, root) + [
                "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            ])
    }

    /// Signs a certificate for names (`DNS:…`, `IP:…`, `URI:…`).
    public func issue(
        _ commonName: String, names: [String] = ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]
    ) async throws -> Identity {
        let file = "\(commonName)-\(UUID().uuidString)"
        let identity = Identity(
            certificatePath: directory.appending(path: "\(file).pem").path,
            keyPath: directory.appending(path: "\(file).key").path)
        try await Self.openssl(
            Self.request(commonName, identity) + [
                "-CA", root.certificatePath, "-CAkey", root.keyPath,
                "-addext", "basicConstraints=critical,CA:FALSE",
                "-addext", "subjectAltName=\(names.joined(separator: ","))",
            ])
        return identity
    }

    /// Removes all that was made.
    public func remove() {
        try? FileManager.default.removeItem(at: directory)
    }

    private static func request(_ commonName: String, _ identity: Identity) -> [String] {
        [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=\(commonName)", "-out", identity.certificatePath,
            "-keyout", identity.keyPath,
        ]
    }

    private static func openssl(_ arguments: [String]) async throws {
        let result = try await Command.run("openssl", arguments)
        guard result.status == 0 else { throw Failure(output: result.output) }
    }
}
