/// How the messages of a call are compressed on the wire.
///
/// Each message is compressed by itself, and only where it becomes smaller. It costs time on the event
/// loop for every byte, so it is for slow links; Arrow's own compression of record batches (LZ4, ZSTD: see
/// ``FlightWriter/begin(_:descriptor:compression:)``) is the better choice for data where both ends know it.
///
/// Source: gRPC, `doc/compression.md` and `PROTOCOL-HTTP2.md`, "Message-Encoding". A raw value is the
/// encoding's name on the wire.
public enum FlightCompression: String, Sendable, Hashable, CaseIterable {
    /// No compression.
    case identity
    /// The zlib format of RFC 1950.
    case deflate
    /// The gzip format of RFC 1952.
    case gzip
}

extension FlightCompression {
    /// The value of `grpc-accept-encoding`: all that this side can read.
    static let accepted = allCases.map(\.rawValue).joined(separator: ",")

    /// Whether a peer whose `grpc-accept-encoding` values these are can read it.
    func isAccepted(by values: [String]) -> Bool {
        self == .identity
            || values.contains { value in
                value.split(separator: ",").contains { $0.trimmingSpaces() == rawValue }
            }
    }
}

extension Substring {
    /// Without spaces and tabs at its ends.
    func trimmingSpaces() -> Substring {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        var rest = drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return rest
    }
}
