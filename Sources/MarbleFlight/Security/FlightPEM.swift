/// A certificate chain, a key or trusted roots as PEM (RFC 7468).
public enum FlightPEM: Sendable, Hashable {
    /// The content of a file. When the file changes, its new content is taken for new connections.
    case file(String)
    /// The PEM text itself.
    case bytes([UInt8])
}

extension FlightPEM: CustomStringConvertible {
    /// Where it comes from; never what it holds.
    public var description: String {
        switch self {
        case .file(let path): path
        case .bytes(let bytes): "PEM of \(bytes.count) bytes"
        }
    }
}

extension FlightPEM {
    /// Chains and bundles of roots are smaller; more is a mistake in the path.
    private static let byteCountMax = 4 << 20

    var path: String? {
        guard case .file(let path) = self else { return nil }
        return path
    }

    /// Blocking.
    func read() throws(FlightError) -> [UInt8] {
        switch self {
        case .file(let path): try WatchedFile.read(path, byteCountMax: Self.byteCountMax)
        case .bytes(let bytes): bytes
        }
    }
}
