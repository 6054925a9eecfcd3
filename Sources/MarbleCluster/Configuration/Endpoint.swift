/// A `host:port` that a node listens on or is reached at.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address; an IPv6 address without its brackets.
    public var host: String
    public var port: Int

    /// Takes an endpoint's text apart: `host:port`, or `[address]:port` for IPv6.
    ///
    /// - Throws: `RaftError` with code `.invalidConfiguration`, which names `field`.
    public init(_ text: String, field: String = "endpoint") throws(RaftError) {
        func refused(_ why: String) -> RaftError {
            RaftError(
                .invalidConfiguration,
                "\(field): \"\(text)\" \(why); write host:port, or [address]:port for IPv6")
        }
        guard let colon = text.lastIndex(of: ":") else { throw refused("has no port") }
        let digits = text[text.index(after: colon)...]
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(digits),
            (0...65535).contains(port)
        else {
            throw refused("has no port from 0 to 65535 after its last colon")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw refused("has several colons")
        }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || $0 == "/" }) else {
            throw refused("has no usable host")
        }
        self.host = String(host)
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
