extension FlightLocation {
    /// The location that means: over the connection that this answer came by.
    ///
    /// Source: Arrow, `Flight.rst`, "Connection Reuse".
    public static let reuseConnection = FlightLocation(uri: "arrow-flight-reuse-connection://?")

    /// Whether it is ``reuseConnection``, which peers write with or without `?` and path.
    var meansSameConnection: Bool {
        uri.lowercased().hasPrefix("arrow-flight-reuse-connection:")
    }

    /// The server's address, for `grpc` and `grpc+tcp`; `nil` for anything else.
    package var address: FlightAddress? {
        guard let schemeEnd = uri.firstRange(of: "://") else { return nil }
        let scheme = uri[..<schemeEnd.lowerBound].lowercased()
        guard scheme == "grpc" || scheme == "grpc+tcp" else { return nil }
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
        return FlightAddress(host: String(host), port: Int(port))
    }
}

/// Where a Flight server is.
package struct FlightAddress: Sendable, Hashable {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    var location: FlightLocation { FlightLocation(host: host, port: port) }
}
