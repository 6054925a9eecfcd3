extension FlightLocation {
    /// The location that means: over the connection that this answer came by.
    ///
    /// Source: Arrow, `Flight.rst`, "Connection Reuse".
    public static let reuseConnection = FlightLocation(uri: "arrow-flight-reuse-connection://?")

    /// Whether it is ``reuseConnection``, which peers write with or without `?` and path.
    var meansSameConnection: Bool {
        uri.lowercased().hasPrefix("arrow-flight-reuse-connection:")
    }

    /// The server's address, for `grpc`, `grpc+tcp` and `grpc+tls`; `nil` for anything else.
    package var address: FlightAddress? {
        guard let schemeEnd = uri.firstRange(of: "://") else { return nil }
        let usesTLS: Bool
        switch uri[..<schemeEnd.lowerBound].lowercased() {
        case "grpc", "grpc+tcp": usesTLS = false
        case "grpc+tls": usesTLS = true
        default: return nil
        }
        let authority = uri[schemeEnd.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let colon = authority.lastIndex(of: ":"),
            let port = UInt16(authority[authority.index(after: colon)...]), port > 0
        else { return nil }
        var host = authority[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains("@") else { return nil }
        return FlightAddress(host: String(host), port: Int(port), usesTLS: usesTLS)
    }
}

/// Where a Flight server is.
package struct FlightAddress: Sendable, Hashable {
    package var host: String
    package var port: Int
    /// Whether the server is to be called with TLS; else the client's configuration decides.
    package var usesTLS: Bool

    package init(host: String, port: Int, usesTLS: Bool = false) {
        self.host = host
        self.port = port
        self.usesTLS = usesTLS
    }

    var location: FlightLocation { FlightLocation(host: host, port: port, usesTLS: usesTLS) }

    /// The same server, called with TLS if all are.
    func withTLS(if isRequired: Bool) -> FlightAddress {
        FlightAddress(host: host, port: port, usesTLS: usesTLS || isRequired)
    }
}
